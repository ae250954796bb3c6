//! What the writer asks of a database connection. Two implementations: `PostgreSQL` and `SQLite`.

use std::future::Future;

use chrono::{DateTime, Utc};
use sira_numbers::{Position, Version};

use crate::JournalConfig;
use crate::StreamId;
use crate::append::admit::{KeyName, KnownKey};
use crate::append::plan::{HeadRow, Plan};
use crate::own_commits::Range;
use crate::read::rows::EventColumns;

/// What a database error before the commit means for the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A unique key was met: somebody's version, key or alias is not what was assumed.
    Conflict,
    /// The database refuses the data: the batch may hold one bad request among good ones.
    Refused,
    /// The connection is gone or of no use, or a lock was not given: nothing of the batch is recorded.
    Lost,
}

/// The reads of a [`Session`] that are the same text on both engines, and differ in the type of
/// `self.connection` alone. The others differ in how a list travels: as arrays, or as one JSON text.
macro_rules! reads_alike {
    () => {
        async fn events(
            &mut self,
            stream: &$crate::StreamId,
            after_version: sira_numbers::Version,
        ) -> Result<Vec<$crate::read::rows::EventColumns>, sqlx::Error> {
            sqlx::query_as($crate::read::rows::SELECT_EVENTS_AFTER)
                .bind(stream.aggregate_type.as_ref())
                .bind(stream.aggregate_id.to_string())
                .bind(after_version.stored())
                .fetch_all(&mut self.connection)
                .await
        }

        async fn leaves(
            &mut self,
            range: $crate::own_commits::Range,
        ) -> Result<Vec<Vec<u8>>, sqlx::Error> {
            sqlx::query_scalar($crate::read::rows::SELECT_LEAVES)
                .bind(range.0.stored())
                .bind(range.1.stored())
                .fetch_all(&mut self.connection)
                .await
        }
    };
}
pub(crate) use reads_alike;

/// The head row under its lock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locked {
    pub head: HeadRow,
    /// The time of the database's server; none where there is no server, whose clock would be this machine's.
    pub server: Option<DateTime<Utc>>,
}

/// The writer's own connection, in or out of one transaction. Everything up to `commit` leaves nothing
/// behind if it breaks off.
pub(crate) trait Session: Sized + Send {
    /// How the engine is reached.
    type Place: Send + Sync + 'static;

    /// Opens a connection.
    fn open(
        place: &Self::Place,
        config: &JournalConfig,
    ) -> impl Future<Output = Result<Self, sqlx::Error>> + Send;

    /// Begins a transaction and locks the head row, which keeps writers of every process apart until
    /// the transaction ends. No row: the journal was never opened here.
    fn begin(&mut self) -> impl Future<Output = Result<Option<Locked>, sqlx::Error>> + Send;

    /// The current versions of those of `streams` that exist.
    fn versions(
        &mut self,
        streams: &[StreamId],
    ) -> impl Future<Output = Result<Vec<(StreamId, Version)>, sqlx::Error>> + Send;

    /// The events of a stream after a version, in order.
    fn events(
        &mut self,
        stream: &StreamId,
        after_version: Version,
    ) -> impl Future<Output = Result<Vec<EventColumns>, sqlx::Error>> + Send;

    /// Those of `keys` that are known.
    fn keys(
        &mut self,
        keys: &[KeyName],
    ) -> impl Future<Output = Result<Vec<(KeyName, KnownKey)>, sqlx::Error>> + Send;

    /// Those of `aliases` that are taken.
    fn aliases(
        &mut self,
        aliases: &[&str],
    ) -> impl Future<Output = Result<Vec<String>, sqlx::Error>> + Send;

    /// The leaf hashes at the positions from first to last, in order.
    fn leaves(
        &mut self,
        range: Range,
    ) -> impl Future<Output = Result<Vec<Vec<u8>>, sqlx::Error>> + Send;

    /// Whether [`Session::commit_in_one`] may be tried.
    fn can_commit_in_one(&self) -> bool {
        false
    }

    /// Writes and commits a plan in one statement, if the head still stands at `assumed`. False: it
    /// does not, and nothing was written. An error is that of a commit.
    fn commit_in_one(
        &mut self,
        _plan: &Plan<'_>,
        _assumed: Position,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send {
        std::future::ready(Ok(false))
    }

    /// Inserts events, keys and aliases. The head row is left to `commit`.
    fn write(&mut self, plan: &Plan<'_>) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Advances the head row and commits.
    fn commit(&mut self, head: HeadRow) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Ends the transaction without a trace.
    fn rollback(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// What an error of a step before `commit` means.
    fn failure(error: &sqlx::Error) -> Failure;

    /// Whether an error of `commit` proves that nothing was committed.
    fn surely_not_committed(error: &sqlx::Error) -> bool;
}
