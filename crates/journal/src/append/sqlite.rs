//! The writer's session on `SQLite`.
//!
//! BEGIN IMMEDIATE takes the file's one write lock, which is the head row's lock and more; a writer of
//! another process waits for it (`busy_timeout`). With `synchronous=FULL` a commit is on disk when it
//! answers. Lists travel as one JSON text, and rows in a few fixed numbers, so that the statements are
//! few and stay prepared.

use sira_database::{SqliteFile, WriteTurn, number};
use sira_numbers::Version;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteError};
use sqlx::{Executor, Sqlite, SqliteConnection};

use crate::JournalConfig;
use crate::StreamId;
use crate::append::admit::{KeyName, KnownKey};
use crate::append::plan::{EventRow, HeadRow, Plan};
use crate::append::session::{Failure, Locked, Session, reads_alike};
use crate::read::rows::{KeyColumns, key_row, version_row};
use crate::stamp::Stamp;
use sira_evidence::leaf::time_text;

/// Rows an insert carries, largest first; a batch is cut into these. Each is one prepared statement.
const CHUNKS: [usize; 4] = [128, 32, 8, 1];
/// Columns of a row of `events`.
const EVENT_COLUMNS: usize = 10;
/// Columns of a row of `requests`.
const KEY_COLUMNS: usize = 7;

const SELECT_VERSIONS: &str = "SELECT s.value ->> 0, s.value ->> 1, (SELECT max(sequence) FROM events \
     WHERE aggregate_type = s.value ->> 0 AND aggregate_id = s.value ->> 1) AS version \
     FROM json_each($1) AS s WHERE version IS NOT NULL";

const SELECT_KEYS: &str = "SELECT r.actor, r.key, body_hash, answer, position, version, recorded_at \
     FROM json_each($1) AS k JOIN requests AS r \
     ON r.actor = k.value ->> 0 AND r.key = k.value ->> 1";

const SELECT_ALIASES: &str =
    "SELECT alias FROM json_each($1) AS a JOIN stream_aliases ON alias = a.value";

/// The writer's connection.
pub(crate) struct SqliteSession {
    connection: SqliteConnection,
    file: SqliteFile,
    /// While a transaction is open.
    turn: Option<WriteTurn>,
    journal: String,
    insert_events: [String; CHUNKS.len()],
    insert_keys: [String; CHUNKS.len()],
}

impl SqliteSession {
    fn new(connection: SqliteConnection, file: &SqliteFile, journal: &str) -> Self {
        let events = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
            event_version, payload, metadata, position, recorded_at, leaf_hash) VALUES ";
        let keys = "INSERT INTO requests (actor, key, body_hash, answer, position, version, \
            recorded_at) VALUES ";
        Self {
            connection,
            file: file.clone(),
            turn: None,
            journal: journal.to_owned(),
            insert_events: CHUNKS.map(|rows| insert(events, EVENT_COLUMNS, rows)),
            insert_keys: CHUNKS.map(|rows| insert(keys, KEY_COLUMNS, rows)),
        }
    }

    async fn insert_events(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        let time = time_text(plan.head.recorded_at);
        for (size, rows) in chunks(&plan.events) {
            let mut query = sqlx::query(&self.insert_events[size]);
            for row in rows {
                query = bind_event(query, row, &time);
            }
            query.execute(&mut self.connection).await?;
        }
        Ok(())
    }

    async fn insert_keys(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        let time = time_text(plan.head.recorded_at);
        for (size, rows) in chunks(&plan.keys) {
            let mut query = sqlx::query(&self.insert_keys[size]);
            for row in rows {
                query = query
                    .bind(row.key.actor.as_str())
                    .bind(row.key.key.as_str())
                    .bind(row.key.body_hash.as_slice())
                    .bind(row.answer)
                    .bind(row.position.stored())
                    .bind(row.version.stored())
                    .bind(time.as_str());
            }
            query.execute(&mut self.connection).await?;
        }
        Ok(())
    }

    async fn insert_aliases(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        for alias in &plan.aliases {
            sqlx::query("INSERT INTO stream_aliases (alias, aggregate_type, aggregate_id) VALUES ($1, $2, $3)")
                .bind(alias.alias.as_str())
                .bind(alias.stream.aggregate_type.as_ref())
                .bind(alias.stream.aggregate_id.to_string())
                .execute(&mut self.connection)
                .await?;
        }
        Ok(())
    }
}

impl Session for SqliteSession {
    type Place = SqliteFile;

    async fn open(file: &SqliteFile, config: &JournalConfig) -> Result<Self, sqlx::Error> {
        let connection = file.connect().await?;
        Ok(Self::new(connection, file, &config.journal))
    }

    async fn begin(&mut self) -> Result<Option<Locked>, sqlx::Error> {
        self.turn = Some(self.file.turn().await);
        self.connection.execute("BEGIN IMMEDIATE").await?;
        let row: Option<(i64, Stamp)> = sqlx::query_as(
            "SELECT next_position, recorded_at FROM journal_head WHERE journal = $1",
        )
        .bind(self.journal.as_str())
        .fetch_optional(&mut self.connection)
        .await?;
        let Some((next, Stamp(recorded_at))) = row else { return Ok(None) };
        let head = HeadRow { next_position: number(next)?, recorded_at };
        Ok(Some(Locked { head, server: None }))
    }

    async fn versions(
        &mut self,
        streams: &[StreamId],
    ) -> Result<Vec<(StreamId, Version)>, sqlx::Error> {
        let pairs = streams.iter().map(|s| (s.aggregate_type.as_ref(), s.aggregate_id.to_string()));
        let rows: Vec<(String, String, i64)> = sqlx::query_as(SELECT_VERSIONS)
            .bind(json(&pairs.collect::<Vec<_>>())?)
            .fetch_all(&mut self.connection)
            .await?;
        rows.into_iter().map(version_row).collect()
    }

    reads_alike!();

    async fn keys(&mut self, keys: &[KeyName]) -> Result<Vec<(KeyName, KnownKey)>, sqlx::Error> {
        let rows: Vec<KeyColumns> =
            sqlx::query_as(SELECT_KEYS).bind(json(&keys)?).fetch_all(&mut self.connection).await?;
        rows.into_iter().map(key_row).collect()
    }

    async fn aliases(&mut self, aliases: &[&str]) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(SELECT_ALIASES)
            .bind(json(&aliases)?)
            .fetch_all(&mut self.connection)
            .await
    }

    async fn write(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        self.insert_events(plan).await?;
        self.insert_keys(plan).await?;
        self.insert_aliases(plan).await
    }

    async fn commit(&mut self, head: HeadRow) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE journal_head SET next_position = $1, recorded_at = $2 WHERE journal = $3",
        )
        .bind(head.next_position.stored())
        .bind(Stamp(head.recorded_at))
        .bind(self.journal.as_str())
        .execute(&mut self.connection)
        .await?;
        self.connection.execute("COMMIT").await?;
        self.turn = None;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        self.connection.execute("ROLLBACK").await?;
        self.turn = None;
        Ok(())
    }

    fn failure(error: &sqlx::Error) -> Failure {
        // Extended codes of SQLITE_CONSTRAINT: PRIMARYKEY, UNIQUE, ROWID, and TRIGGER, which is how
        // the trigger against INSERT OR REPLACE speaks. The low byte is the plain code.
        match code(error) {
            Some(1555 | 2067 | 2579 | 1811) => Failure::Conflict,
            // CONSTRAINT, TOOBIG, MISMATCH.
            Some(code) if [19, 18, 20].contains(&(code & 0xff)) => Failure::Refused,
            _ => Failure::Lost,
        }
    }

    fn surely_not_committed(_: &sqlx::Error) -> bool {
        // A full disk or an IO error in COMMIT may strike before or after the point of no return.
        false
    }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    sqlx::error::DatabaseError::code(error)?.parse().ok()
}

type SqliteQuery<'q> = Query<'q, Sqlite, SqliteArguments<'q>>;

fn bind_event<'q>(query: SqliteQuery<'q>, row: &'q EventRow<'_>, time: &'q str) -> SqliteQuery<'q> {
    query
        .bind(row.stream.aggregate_type.as_ref())
        .bind(row.stream.aggregate_id.to_string())
        .bind(row.sequence.stored())
        .bind(row.event.event_type.as_ref())
        .bind(row.event.event_version.as_ref())
        .bind(row.event.payload.as_str())
        .bind(row.event.metadata.as_str())
        .bind(row.position.stored())
        .bind(time)
        .bind(row.leaf.as_slice())
}

fn insert(head: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("{head}{}", vec![row.as_str(); rows].join(", "))
}

/// Cuts rows into the largest chunks that fit; with each, the index of its size.
fn chunks<R>(mut rows: &[R]) -> impl Iterator<Item = (usize, &[R])> {
    std::iter::from_fn(move || {
        let size = CHUNKS.iter().position(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(CHUNKS[size]);
        rows = rest;
        Some((size, chunk))
    })
}

fn json(list: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(list).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
