//! A build of all of a projection's rows at once, in place of batches, each a transaction of rows that are found again.
//!
//! Until its end nothing says that its tables are whole: the checkpoint on the site stands at the start, with a mark
//! of the build in the place where an event's hash will stand. Tables are filled in transactions of their own, several
//! at a time; each holds the mark while it writes. With the last transaction the checkpoint moves to the head. A
//! crash before that leaves tables that nobody goes on with: the next rebuild removes them and begins anew. Commits
//! of this database do not wait for the disk, but none is kept without those before it, so that a checkpoint that
//! was kept has its rows.

use sira_database::on_engine;
use sira_numbers::Position;
use tokio::sync::watch;
use uuid::Uuid;

use super::indexes::Indexes;
use super::progress::RebuildProgress;
use super::site::Site;
use crate::checkpoint::Checkpoint;
use crate::feed::HistoryMark;
use crate::lease::Lease;
use crate::store::{ReadConnection, ReadTransaction};
use crate::{FoldError, Projection};

/// The mark of a build, in the form of a hash that no event has.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuildMark(Uuid);

impl BuildMark {
    /// One that no other build has.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    fn stored(self) -> Vec<u8> {
        let mut stored = self.0.as_bytes().to_vec();
        stored.resize(32, 0);
        stored
    }

    /// Leaves the mark on a checkpoint of the site, in the transaction that makes its tables: whoever still fills
    /// tables of an earlier build is waited for, and may fill none after it.
    pub async fn leave(
        self,
        connection: ReadConnection<'_>,
        (journal, projection): (&str, &str),
    ) -> Result<(), sqlx::Error> {
        on_engine!(connection, db => {
            sqlx::query(
                "UPDATE projection_checkpoints SET leaf_hash = $1 WHERE journal = $2 AND projection = $3",
            )
            .bind(self.stored())
            .bind(journal)
            .bind(projection)
            .execute(db)
            .await
            .map(drop)
        })
    }
}

/// A build under way.
pub struct WholeBuild<'a> {
    pub(super) site: &'a Site,
    pub(super) lease: &'a Lease,
    /// Journal and projection.
    pub(super) name: (&'a str, &'static str),
    pub(super) mark: BuildMark,
    pub(super) progress: &'a (dyn Fn(RebuildProgress) + Sync),
    pub(super) stop: &'a watch::Receiver<bool>,
    /// The key that keyed hashes are made under.
    pub(crate) index_key: Option<Uuid>,
    /// Up to where events are taken.
    pub(crate) head: HistoryMark,
}

impl WholeBuild<'_> {
    /// Tells how far it has come; fails when it is not to go on.
    pub(crate) fn go_on(&self, at: Position) -> Result<(), FoldError> {
        self.lease.check()?;
        if *self.stop.borrow() {
            return Err(FoldError::Unavailable("told to stop".into()));
        }
        let total = self.head.position.get();
        (self.progress)(RebuildProgress { done: at.get(), total });
        Ok(())
    }

    /// Whether it writes to `PostgreSQL`.
    pub(crate) fn is_postgres(&self) -> bool {
        self.site.store.is_postgres()
    }

    /// Begins to fill a table, without its indexes.
    pub(crate) async fn fill(
        &self,
        table: &'static str,
    ) -> Result<(ReadTransaction, Indexes), FoldError> {
        self.lease.check()?;
        let mut transaction = self.site.store.begin().await?;
        self.hold(transaction.connection()).await?;
        let schema = self.site.schema().unwrap_or_else(|| "main".to_owned());
        let indexes = Indexes::take(transaction.connection(), &schema, table).await?;
        Ok((transaction, indexes))
    }

    /// Sees that the site is still this build's, until the transaction ends.
    async fn hold(&self, connection: ReadConnection<'_>) -> Result<(), FoldError> {
        const HELD: &str = "SELECT 1 FROM projection_checkpoints
              WHERE journal = $1 AND projection = $2 AND position = 0 AND leaf_hash = $3";
        let (journal, projection) = self.name;
        let found: Option<i32> = match connection {
            ReadConnection::Postgres(db) => {
                sqlx::query_scalar(&format!("{HELD} FOR SHARE"))
                    .bind(journal)
                    .bind(projection)
                    .bind(self.mark.stored())
                    .fetch_optional(db)
                    .await?
            }
            ReadConnection::Sqlite(db) => {
                // A write first: the file's one lock is waited for only by who has read nothing yet.
                let lock = "UPDATE projection_checkpoints SET position = position";
                ReadConnection::Sqlite(&mut *db).run(lock).await?;
                sqlx::query_scalar(HELD)
                    .bind(journal)
                    .bind(projection)
                    .bind(self.mark.stored())
                    .fetch_optional(db)
                    .await?
            }
        };
        found.map(drop).ok_or_else(another)
    }

    /// Everything is written: the checkpoint moves to the head, and the build is gone on with from there.
    pub(super) async fn finish<P: Projection>(
        &self,
        projection: &P,
    ) -> Result<Checkpoint, FoldError> {
        let at = Checkpoint {
            index_key: self.index_key,
            ..Checkpoint::unkeyed(projection.version(), self.head)
        };
        let (journal, name) = self.name;
        let mut transaction = self.site.store.begin().await?;
        let moved = on_engine!(transaction.connection(), db => {
            sqlx::query(
                "UPDATE projection_checkpoints SET position = $1, leaf_hash = $2
                  WHERE journal = $3 AND projection = $4 AND position = 0 AND leaf_hash = $5",
            )
            .bind(at.position.stored())
            .bind(at.leaf.map(Vec::from))
            .bind(journal)
            .bind(name)
            .bind(self.mark.stored())
            .execute(db)
            .await?
            .rows_affected()
        });
        if moved != 1 {
            return Err(another());
        }
        transaction.commit().await?;
        Ok(at)
    }
}

fn another() -> FoldError {
    FoldError::Unavailable("another process builds on this site".into())
}
