//! How far a build has come, kept on its site beside the rows that it has made.

use sira_database::{number, on_engine, signed, unsigned};
use sira_numbers::Sequence;

use super::progress::Failure;
use super::site::Site;
use crate::checkpoint::stored_leaf;
use crate::feed::HistoryMark;
use crate::store::ReadConnection;
use crate::{FeedPlace, FoldError};

/// How far a build has come.
#[derive(Clone, Debug)]
pub(super) struct Build {
    /// The journal's id.
    pub journal: String,
    /// What is built, in which versions: a build of another kind is not gone on with.
    pub built: String,
    /// The position up to which streams are read.
    pub head: HistoryMark,
    /// The last stream whose rows are written.
    pub after: FeedPlace,
    /// Events of these streams.
    pub events: u64,
    /// Whether all streams are written, with their indexes.
    pub complete: bool,
    /// Events that did not fit: the tables folded from their families lack rows.
    pub failures: Vec<Failure>,
}

type BuildRow = (i64, String, i64, bool, String, Option<Vec<u8>>);

impl Build {
    /// The build that was left on a site, if it is of this kind.
    pub async fn find(site: &Site, journal: &str, built: &str) -> Result<Option<Self>, FoldError> {
        let mut handle = site.store.connection().await?;
        let found: Option<BuildRow> = on_engine!(handle.connection(), db => {
            sqlx::query_as(
                "SELECT head, after, events, complete, failures, leaf_hash FROM projection_builds
                  WHERE journal = $1 AND built = $2",
            )
            .bind(journal)
            .bind(built)
            .fetch_optional(db)
            .await
        })?;
        let Some((head, after, events, complete, failures, leaf)) = found else {
            return Ok(None);
        };
        let failures = serde_json::from_str(&failures).map_err(|error| {
            FoldError::Unfit(format!("projection_builds is damaged: {error}").into())
        })?;
        Ok(Some(Self {
            journal: journal.to_owned(),
            built: built.to_owned(),
            head: HistoryMark { position: number(head)?, leaf: stored_leaf(leaf) },
            after: place_of(&after),
            events: unsigned(events)?,
            complete,
            failures,
        }))
    }

    /// Writes a new build down, in place of any other.
    pub async fn put(&self, mut connection: ReadConnection<'_>) -> Result<(), sqlx::Error> {
        connection.again().run("DELETE FROM projection_builds").await?;
        on_engine!(connection, db => {
            sqlx::query(
                "INSERT INTO projection_builds
                     (journal, built, head, after, events, complete, failures, leaf_hash)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(&self.journal)
            .bind(&self.built)
            .bind(self.head.position.stored())
            .bind(text_of(&self.after))
            .bind(signed(self.events)?)
            .bind(self.complete)
            .bind(self.failures_text())
            .bind(self.head.leaf.map(Vec::from))
            .execute(db)
            .await
            .map(drop)
        })
    }

    /// Moves a build on from a place, within the transaction that writes the rows: of two processes
    /// that build from one place, the second finds that it has moved, and writes nothing.
    pub async fn advance(
        &self,
        connection: ReadConnection<'_>,
        from: &FeedPlace,
    ) -> Result<(), FoldError> {
        let rows = on_engine!(connection, db => {
            sqlx::query(
                "UPDATE projection_builds
                    SET after = $1, events = $2, complete = $3, failures = $4
                  WHERE journal = $5 AND built = $6 AND after = $7 AND NOT complete",
            )
            .bind(text_of(&self.after))
            .bind(signed(self.events)?)
            .bind(self.complete)
            .bind(self.failures_text())
            .bind(&self.journal)
            .bind(&self.built)
            .bind(text_of(from))
            .execute(db)
            .await?
            .rows_affected()
        });
        if rows == 1 {
            return Ok(());
        }
        Err(FoldError::Unavailable("another process builds on this site".into()))
    }

    /// Writes down which events did not fit, once the streams are written.
    pub async fn note_failures(&self, connection: ReadConnection<'_>) -> Result<(), sqlx::Error> {
        on_engine!(connection, db => {
            sqlx::query("UPDATE projection_builds SET failures = $1 WHERE journal = $2")
                .bind(self.failures_text())
                .bind(&self.journal)
                .execute(db)
                .await
                .map(drop)
        })
    }

    fn failures_text(&self) -> String {
        serde_json::to_string(&self.failures).unwrap_or_default()
    }
}

/// A stream's place as it is stored: its type, a space, its id. Neither holds a space.
fn text_of(place: &FeedPlace) -> String {
    format!("{} {}", place.aggregate_type, place.aggregate_id)
}

fn place_of(text: &str) -> FeedPlace {
    let (aggregate_type, aggregate_id) = text.split_once(' ').unwrap_or_default();
    end_of(aggregate_type, aggregate_id)
}

/// The place after the last event of a stream.
pub(super) fn end_of(aggregate_type: &str, aggregate_id: &str) -> FeedPlace {
    let (aggregate_type, aggregate_id) = (aggregate_type.to_owned(), aggregate_id.to_owned());
    let sequence = Sequence::MAX;
    FeedPlace { aggregate_type, aggregate_id, sequence }
}
