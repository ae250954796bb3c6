//! Which history the rows of the read database are of: the leaf hash of one event beside its position. A journal
//! that was put back has other events at the same positions, and the rows of those that are gone must not stay.

use sira_database::{number, on_engine};
use sira_numbers::Position;

use crate::table::TABLES;
use crate::{ReadError, ReadStore, case_identity};

impl ReadStore {
    /// The position that was marked last, with the leaf hash of the event there; none before the first mark.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn known_history(
        &self,
        journal: &str,
    ) -> Result<Option<(Position, Vec<u8>)>, ReadError> {
        let mut handle = self.connection().await?;
        let row: Option<(i64, Vec<u8>)> = on_engine!(handle.connection(), db => {
            sqlx::query_as("SELECT position, leaf_hash FROM known_history WHERE journal = $1")
                .bind(journal)
                .fetch_optional(db)
                .await
        })?;
        let Some((position, hash)) = row else { return Ok(None) };
        Ok(Some((number(position)?, hash)))
    }

    /// Marks the event at a position. Durable with the rows of the next commit; a crash before it leaves the mark
    /// before, which is of the same history.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn mark_history(
        &self,
        journal: &str,
        position: Position,
        leaf_hash: &[u8],
    ) -> Result<(), ReadError> {
        let mut handle = self.connection().await?;
        on_engine!(handle.connection(), db => {
            sqlx::query(
                "INSERT INTO known_history (journal, position, leaf_hash) VALUES ($1, $2, $3)
                 ON CONFLICT (journal) DO UPDATE
                    SET position = excluded.position, leaf_hash = excluded.leaf_hash",
            )
            .bind(journal)
            .bind(position.stored())
            .bind(leaf_hash)
            .execute(db)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// The furthest position that any projection has come to.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn furthest(&self, journal: &str) -> Result<Position, ReadError> {
        let stored = self.projections(journal).await?;
        Ok(stored.iter().map(|one| one.position).max().unwrap_or(Position::START))
    }

    /// Gives all rows up: an embedded database is made anew, on a server every projection is rebuilt as after an
    /// upgrade. A crash in between leaves rows that are found to be of another history again.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn made_anew(self, journal: &str) -> Result<Self, ReadError> {
        // What an interrupted rebuild has left is of the other history too.
        for site in [case_identity::NAME, "models"] {
            self.remove_site(site).await?;
        }
        if !self.is_postgres() {
            return self.removed_and_opened().await;
        }
        let mut transaction = self.begin().await?;
        on_engine!(transaction.connection(), db => {
            sqlx::query(
                "UPDATE projection_checkpoints SET version = 0, position = 0, leaf_hash = NULL, halted_position = NULL,
                        halted_cause = NULL WHERE journal = $1",
            )
            .bind(journal)
            .execute(&mut *db)
            .await?;
            // Nobody is shown rows of people who are not there while the others are made.
            let of_people = ["case_identity", "blind_index", "search_index", "duplicate_candidates"];
            for table in TABLES.iter().map(|table| table.name).chain(of_people) {
                sqlx::query(&format!("DELETE FROM {table}")).execute(&mut *db).await?;
            }
            sqlx::query("DELETE FROM known_history WHERE journal = $1")
                .bind(journal)
                .execute(&mut *db)
                .await?;
        });
        transaction.commit().await?;
        Ok(self)
    }
}
