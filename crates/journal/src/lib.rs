//! The journal: every fact, once, in order, for ever.
//!
//! Events are appended by one writer task that makes one transaction of all requests that wait
//! (`writer`, `transaction`, `admit`, `plan`), on `PostgreSQL` (`postgres`) or `SQLite` (`sqlite`). The
//! head row's lock makes positions gapless and commit order position order. Readers (`read`) take no
//! lock. `freshness` tells a cache what other processes wrote. Why it is so:
//! `docs/decisions/0002-journal-append.md`.
//!
//! What an event means is not known here: payloads are text, and keys, rules and personal data are
//! others' business.

mod append;
pub mod clock;
mod clock_watch;
mod config;
mod database;
mod destroyed;
mod error;
pub mod framework;
mod freshness;
mod guards;
mod halt;
mod own_commits;
mod read;
mod stamp;
mod types;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
pub use sira_database::Pool;
use sira_database::{ByEngine, Database, number, on_engine};
use sira_numbers::{Position, Version};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

pub use append::bulk::Bulk;
pub use append::check::{MAX_EVENTS, MAX_NAME_BYTES, MAX_STREAMS, MAX_TEXT_BYTES};
pub use append::conditional::{BatchCheck, ConditionalWrite, GuardRefusal, WriteGuard};
pub use clock_watch::ClockFault;
pub use config::{ClockBounds, JournalConfig};
pub use destroyed::destroyed_keys;
pub use error::JournalError;
pub use freshness::Foreign;
pub use guards::{GuardFault, GuardProblem, IndexCheck, IndexFault};
pub use halt::Halt;
pub use read::aliases::AliasRow;
pub use read::feed::MAX_FEED_PAGE;
pub use read::leaves::Leaf;
pub use read::raw::{RawEvent, RawTime};
pub use read::readable::Hole;
pub use read::rows::{EventColumns, SELECT_IN_ORDER, event_row};
pub use read::search::{read_type, read_type_of};
pub use read::streams::StreamPlace;
pub use sira_evidence::leaf::{LeafEntry, UnfitField, sha256};
pub use sira_evidence::{RecordedEvent, StreamId};
pub use stamp::Stamp;
pub use types::{
    Alias, AppendOutcome, AppendRequest, Committed, Guard, Head, KeyLookup, NewEvent, RequestKey,
    StoredAnswer, StreamWrite,
};

use append::check::Prepared;
use append::postgres::PostgresSession;
use append::sqlite::SqliteSession;
use append::versions::Known;
use append::writer::{Message, Shared, Waiting, Writer};
use clock::Clock;
use database::{SCHEMA, database_of};
use freshness::{FreshnessQueue, FreshnessTask};
use read::readable::{LOOK_AGAIN, RECENT_EVENTS, first_hole};

/// The largest embedded journal whose indexes are compared with their tables at every start: a second's work.
const LOOKED_AT_BYTES: u64 = 16 << 20;

/// Where the journal stood at a moment not before the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The last position up to which every event can be read: the head's, unless there is a hole below it.
    pub position: Position,
    /// The time of the last append.
    pub recorded_at: DateTime<Utc>,
    /// How often a listed token was changed; the tokens are listed beside the journal.
    pub token_changes: i64,
}

/// An open journal. Clones are cheap and lead to the same writer.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    pool: Pool,
    writer: mpsc::Sender<Message>,
    freshness: Arc<FreshnessQueue>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Journal {
    /// Brings the schema of the database up to this program's; makes an embedded file if there is none
    /// (its directory must exist).
    ///
    /// # Errors
    /// `Database`, `Migration`, or `SchemaUnknown` when a migration was applied in another form.
    pub async fn migrate(config: &JournalConfig) -> Result<(), JournalError> {
        Ok(SCHEMA.migrate(&database_of(config)?).await?)
    }

    /// Whether the database holds a journal's schema, of whatever version.
    ///
    /// # Errors
    /// `Database`.
    pub async fn is_made(config: &JournalConfig) -> Result<bool, JournalError> {
        Ok(SCHEMA.is_made(&database_of(config)?).await?)
    }

    /// Connections to the database of a journal, without opening it: nothing is written, no writer is
    /// started. For a restore.
    ///
    /// # Errors
    /// As [`Journal::open`], as far as the schema goes.
    pub async fn bare(config: &JournalConfig) -> Result<Pool, JournalError> {
        let database = database_of(config)?;
        SCHEMA.check(&database).await?;
        Ok(database.open().await?)
    }

    /// The last migration of this program for the engine.
    #[must_use]
    pub fn schema_version(pool: &Pool) -> i64 {
        SCHEMA.last_version(pool.engine())
    }

    /// Opens a journal and starts its writer. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// `SchemaBehind` and `SchemaUnknown` ask for `sira migrate` or another program; `OtherJournal`
    /// when the database holds another journal; `Inconsistent` when head and events disagree.
    pub async fn open(config: &JournalConfig, clock: Clock) -> Result<Self, JournalError> {
        let (database, pool) = reach(config).await?;
        let position = open_head(&pool, config).await?;
        let journal = Self::on(config, clock, database, pool, position);
        // What is wrong with these stops writing, and nothing else: people can still look somebody up.
        journal.look_at_guards().await?;
        journal.look_at_indexes().await?;
        journal.look_at_clock().await?;
        Ok(journal)
    }

    /// Opens a journal to look at it, in whatever state it is: nothing is written and nothing is
    /// refused but another schema. What is wrong with it `sira verify` says.
    ///
    /// # Errors
    /// As [`Journal::open`], but never `OtherJournal` nor `Inconsistent`.
    pub async fn open_as_it_is(config: &JournalConfig, clock: Clock) -> Result<Self, JournalError> {
        let (database, pool) = reach(config).await?;
        Ok(Self::on(config, clock, database, pool, Position::START))
    }

    /// Halts the journal when a guard of its tables is missing, changed or somebody else's.
    async fn look_at_guards(&self) -> Result<(), JournalError> {
        let faults = self.guard_faults().await?;
        for fault in &faults {
            let text = fault.text.as_deref();
            tracing::error!(guard = %fault, text, "a guard of the journal's tables is not as it was made");
        }
        if !faults.is_empty() {
            let what = faults.iter().map(ToString::to_string).collect::<Vec<_>>();
            self.halt(Halt::Guards { what: what.join("; ") });
        }
        Ok(())
    }

    /// Halts an embedded journal whose indexes differ from their tables, where looking takes no longer than a start
    /// may: that of a larger one is looked at by `sira verify`.
    async fn look_at_indexes(&self) -> Result<(), JournalError> {
        if self.file_bytes().await?.is_none_or(|bytes| bytes > LOOKED_AT_BYTES) {
            return Ok(());
        }
        if let IndexCheck::Done(faults) = self.check_indexes().await?
            && let Some(first) = faults.into_iter().next()
        {
            self.halt(Halt::Index { told: first.told });
        }
        Ok(())
    }

    fn on(
        config: &JournalConfig,
        clock: Clock,
        database: Database,
        pool: Pool,
        position: Position,
    ) -> Self {
        let shared = Arc::new(Shared::new(config.clone(), clock, position));
        let freshness = Arc::new(FreshnessQueue::default());
        let (writer, queue) = mpsc::channel(config.queue_limit.max(1));
        let tasks = vec![
            spawn_writer(&database, &shared, queue),
            tokio::spawn(
                FreshnessTask {
                    database,
                    shared: Arc::clone(&shared),
                    queue: Arc::clone(&freshness),
                    link: None,
                    known: position,
                }
                .run(),
            ),
        ];
        let tasks = Mutex::new(tasks);
        let inner = Inner { shared, pool, writer, freshness, tasks };
        Self { inner: Arc::new(inner) }
    }

    /// Records a request, whole or not at all. When this answers `Committed`, it is on disk.
    ///
    /// A caller that stops waiting takes nothing back: once queued, the request is recorded.
    ///
    /// # Errors
    /// `Busy` when too many wait, `Invalid` for a request that breaks a limit, `Closed`, `Database`:
    /// nothing was recorded. `InDoubt`: nobody knows; retry with the same idempotency key.
    pub async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, JournalError> {
        let prepared = Prepared::new(request)?;
        let (reply, answer) = oneshot::channel();
        self.queue(Message::Append(Box::new(Waiting { prepared, reply })))?;
        // The writer answers whatever it took; an answer that never comes means that it was stopped,
        // with the runtime or by a panic, and it may have been in the middle of a commit.
        answer.await.unwrap_or(Err(JournalError::InDoubt))
    }

    /// Records a bulk: its requests in their order, as one transaction when nothing stands in the way.
    /// One that is refused does not fail the others. Waits for room in the queue.
    ///
    /// # Errors
    /// As [`Journal::append`], of the first request that was not judged.
    pub async fn append_bulk(&self, bulk: Bulk) -> Result<Vec<AppendOutcome>, JournalError> {
        let (waiting, answers) = bulk.into_waiting();
        let sent = self.inner.writer.send(Message::Bulk(waiting)).await;
        sent.map_err(|_| JournalError::Closed)?;
        all_of(answers).await
    }

    /// Records the requests of a bulk, all of them or none, in their order and as one transaction; each
    /// is judged on what those before it do. When every outcome is `Committed`, all are on disk. When
    /// any is not, nothing is recorded, and those that could have been are `Withheld`.
    ///
    /// # Errors
    /// As [`Journal::append`]; `Invalid` also when two of them have the same key.
    pub async fn append_together(&self, bulk: Bulk) -> Result<Vec<AppendOutcome>, JournalError> {
        if bulk.names_a_key_twice() {
            return Err(JournalError::Invalid { field: "key", problem: "stands twice" });
        }
        let (waiting, answers) = bulk.into_waiting();
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        self.queue(Message::Together(waiting))?;
        all_of(answers).await
    }

    /// Puts something into the writer's queue if there is room.
    fn queue(&self, message: Message) -> Result<(), JournalError> {
        self.inner.writer.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy,
            mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
        })
    }

    /// Where the journal stands, as of a moment not before this call. When it returns, the listeners
    /// of [`Journal::on_foreign`] have been told of every foreign write up to that position. A cached
    /// state is then current if its version is not below [`Journal::known_version`], which covers what
    /// this process committed itself.
    ///
    /// # Errors
    /// `Database` when the head could not be read, `Closed`.
    pub async fn freshness(&self) -> Result<Freshness, JournalError> {
        self.inner.freshness.ask().await
    }

    /// Calls `listener` with the streams that other processes wrote to. It is called from within
    /// [`Journal::freshness`] and must be quick; register it before anything is cached.
    pub fn on_foreign(&self, listener: Box<dyn Fn(Foreign) + Send + Sync>) {
        let listeners = &self.inner.freshness.listeners;
        listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// A version that the stream is known to have reached; 0 when this process knows nothing of it.
    #[must_use]
    pub fn known_version(&self, stream: &StreamId) -> Version {
        match self.shared().versions().known(stream) {
            Known::Exact(version) | Known::AtLeast(version) => version,
        }
    }

    /// The last position that this process knows to be committed, to wait on. Other processes' events
    /// show here only after somebody asked for [`Journal::freshness`].
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<Position> {
        self.shared().committed.subscribe()
    }

    /// The journal's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared().config.journal
    }

    /// Connections for the small tables beside the journal; see [`on_engine!`](sira_database::on_engine).
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// Takes no more requests, records those that wait, and closes every connection.
    pub async fn close(&self) {
        // Fails only if the writer has ended already.
        let _ = self.inner.writer.send(Message::Close).await;
        self.inner.freshness.close();
        let tasks =
            std::mem::take(&mut *self.inner.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A task that panicked is closed as well.
            let _ = task.await;
        }
        self.pool().close().await;
    }

    fn shared(&self) -> &Shared {
        &self.inner.shared
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer ends with its queue. The other task has to be told.
        self.freshness.close();
    }
}

/// Checks the schema and opens the pool.
async fn reach(config: &JournalConfig) -> Result<(Database, Pool), JournalError> {
    append::check::plain("journal", &config.journal)?;
    let database = database_of(config)?;
    SCHEMA.check(&database).await?;
    let pool = database.open().await?;
    Ok((database, pool))
}

fn spawn_writer(
    database: &Database,
    shared: &Arc<Shared>,
    queue: mpsc::Receiver<Message>,
) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    match database.clone() {
        ByEngine::Postgres(server) => {
            tokio::spawn(Writer::<PostgresSession>::new(server, shared).run(queue))
        }
        ByEngine::Sqlite(file) => {
            tokio::spawn(Writer::<SqliteSession>::new(file, shared).run(queue))
        }
    }
}

/// Makes the head row of a new journal, or finds the one that is there and compares it with the
/// events: a journal that was damaged or put together by hand must not be written to. Returns the last
/// position that can be read.
async fn open_head(pool: &Pool, config: &JournalConfig) -> Result<Position, JournalError> {
    on_engine!(pool, db => {
        sqlx::query(
            "INSERT INTO journal_head (journal, next_position, recorded_at) \
             SELECT $1, 1, $2 WHERE NOT EXISTS (SELECT 1 FROM journal_head) ON CONFLICT DO NOTHING",
        )
        .bind(config.journal.as_str())
        .bind(Stamp(DateTime::UNIX_EPOCH))
        .execute(db)
        .await
        .map(|_| ())
    })?;
    // A commit that becomes visible in pieces is looked at again, as long as the fate of one is.
    let deadline = Instant::now() + config.doubt_timeout;
    loop {
        match compare_head(pool, &config.journal).await {
            Err(JournalError::Inconsistent { .. }) if Instant::now() < deadline => {
                sleep(LOOK_AGAIN).await;
            }
            compared => return recent_hole(pool, compared?).await,
        }
    }
}

/// The last position up to which every event can be read, if the hole is among the newest events: a commit that
/// becomes visible in pieces is none of long ago, and the whole journal is not looked at on the way to a start.
async fn recent_hole(pool: &Pool, last: Position) -> Result<Position, JournalError> {
    let mut handle = pool.acquire().await?;
    let hole = first_hole(handle.connection(), last.minus(RECENT_EVENTS), last).await?;
    Ok(hole.map_or(last, Position::before))
}

/// What became of every request that was handed to the writer.
async fn all_of(answers: Vec<append::bulk::Answer>) -> Result<Vec<AppendOutcome>, JournalError> {
    let mut outcomes = Vec::with_capacity(answers.len());
    for answer in answers {
        outcomes.push(answer.await.unwrap_or(Err(JournalError::InDoubt))?);
    }
    Ok(outcomes)
}

/// The head against the events. One statement sees one moment, so that another process's commit cannot come between
/// the two.
async fn compare_head(pool: &Pool, journal: &str) -> Result<Position, JournalError> {
    let (found, next, last): (String, i64, i64) = on_engine!(pool, db => {
        sqlx::query_as(
            "SELECT journal, next_position, (SELECT COALESCE(max(position), 0) FROM events) \
             FROM journal_head ORDER BY journal <> $1 DESC LIMIT 1",
        )
        .bind(journal)
        .fetch_one(db)
        .await
    })?;
    if found != journal {
        return Err(JournalError::OtherJournal { found, expected: journal.to_owned() });
    }
    if next != last + 1 {
        return Err(JournalError::Inconsistent {
            table: "journal_head",
            id: found,
            problem: format!("next position {next}, but the last event is at {last}"),
        });
    }
    Ok(number(last)?)
}
