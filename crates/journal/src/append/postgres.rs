//! The writer's session on `PostgreSQL`.
//!
//! READ COMMITTED: each statement sees what was committed when it began, so what is read after the
//! head row was locked is current, since all other writers wait for that lock.
//!
//! A batch is first tried as one statement, which is one round trip; it writes only if the head stands
//! where this process left it. Otherwise, and on Citus, where the tables lie on different nodes, plain
//! statements follow one after the other: begin and lock, events, keys, head and commit.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::DateTime;
use sira_database::{PostgresServer, number};
use sira_numbers::{Position, Version};
use sqlx::postgres::{PgArguments, PgDatabaseError, PgSeverity};
use sqlx::query::Query;
use sqlx::{Executor, PgConnection, Postgres, Row};

use crate::JournalConfig;
use crate::StreamId;
use crate::append::admit::{KeyName, KnownKey};
use crate::append::plan::{HeadRow, Plan};
use crate::append::session::{Failure, Locked, Session, reads_alike};
use crate::read::rows::{KeyColumns, key_row, version_row};
use crate::stamp::Stamp;

/// How long a writer of whichever process may stand still between two statements of a transaction, a process that was
/// frozen for one: the server ends its transaction then, and the others go on before their own patience is over.
const STANDSTILL_MAX: Duration = Duration::from_secs(3);

const INSERT_EVENTS: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata, position, recorded_at, leaf_hash) \
     SELECT a, i, s, t, v, p::json, m::json, n, $9, h FROM UNNEST($1::text[], $2::text[], \
     $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $10::bytea[]) \
     AS r (a, i, s, t, v, p, m, n, h)";

const INSERT_KEYS: &str = "INSERT INTO requests (actor, key, body_hash, answer, position, version, \
     recorded_at) SELECT a, k, b, w, p, v, $7 FROM UNNEST($1::text[], $2::text[], $3::bytea[], \
     $4::text[], $5::bigint[], $6::bigint[]) AS r (a, k, b, w, p, v)";

const INSERT_ALIASES: &str = "INSERT INTO stream_aliases (alias, aggregate_type, aggregate_id) \
     SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[])";

/// A whole batch in one statement. Each insert reads from `head`, which has a row only if the head
/// stood where it was assumed to; the update waits for the head row's lock and then looks again.
const COMMIT_IN_ONE: &str = "WITH head AS (UPDATE journal_head SET next_position = $19, \
     recorded_at = greatest(recorded_at, $9) WHERE journal = $17 AND next_position = $18 RETURNING 1), \
     added AS (INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata, position, recorded_at, leaf_hash) \
     SELECT a, i, s, t, v, p::json, m::json, n, $9, h FROM head, UNNEST($1::text[], $2::text[], \
     $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $10::bytea[]) \
     AS r (a, i, s, t, v, p, m, n, h)), \
     keyed AS (INSERT INTO requests (actor, key, body_hash, answer, position, version, recorded_at) \
     SELECT a, k, b, w, p, v, $9 FROM head, UNNEST($11::text[], $12::text[], $13::bytea[], \
     $14::text[], $15::bigint[], $16::bigint[]) AS q (a, k, b, w, p, v)), \
     named AS (INSERT INTO stream_aliases (alias, aggregate_type, aggregate_id) \
     SELECT l, a, i FROM head, UNNEST($20::text[], $21::text[], $22::text[]) AS s (l, a, i)) \
     SELECT count(*) FROM head";

const SELECT_VERSIONS: &str = "SELECT aggregate_type, aggregate_id, max(sequence) FROM events \
     WHERE aggregate_type = ANY($1) AND aggregate_id = ANY($2) GROUP BY aggregate_type, aggregate_id";

const SELECT_KEYS: &str = "SELECT actor, key, body_hash, answer, position, version, recorded_at \
     FROM requests WHERE actor = ANY($1) AND key = ANY($2)";

/// `feature_not_supported`: what Citus says of inserts into several tables in one statement.
const NOT_SUPPORTED: &str = "0A000";

/// How the writer's connection shows in `pg_stat_activity`.
const WRITER_NAME: &str = "sira-journal-writer";

/// The writer's connection.
pub(crate) struct PostgresSession {
    connection: PgConnection,
    /// The statement that begins and locks; the journal's id in it was checked to need no quoting.
    begin: String,
    journal: String,
    /// Until the server says that it cannot (Citus).
    in_one: bool,
    /// Whether a `BEGIN` was sent of which the end was not read: what is written in one statement fails without
    /// leaving a transaction, and to roll back then is answered with a warning, in the server's log and in ours.
    is_begun: bool,
}

impl PostgresSession {
    fn new(connection: PgConnection, journal: &str) -> Self {
        // The time as a number: the simple protocol answers in text, whose form is a setting.
        let begin = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; \
             SELECT next_position, (extract(epoch FROM recorded_at) * 1000000)::bigint, \
             (extract(epoch FROM clock_timestamp()) * 1000000)::bigint \
             FROM journal_head WHERE journal = '{journal}' FOR UPDATE"
        );
        Self { connection, begin, journal: journal.to_owned(), in_one: true, is_begun: false }
    }

    async fn insert_events(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        bind_events(sqlx::query(INSERT_EVENTS), plan).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn send_in_one(
        &mut self,
        plan: &Plan<'_>,
        assumed: Position,
    ) -> Result<bool, sqlx::Error> {
        let rows = bind_keys(bind_events(sqlx::query(COMMIT_IN_ONE), plan), plan)
            .bind(&self.journal)
            .bind(assumed.stored())
            .bind(plan.head.next_position.stored());
        let done = bind_aliases(rows, plan).fetch_one(&mut self.connection).await?;
        let done: i64 = done.try_get(0)?;
        Ok(done == 1)
    }

    async fn insert_keys(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        bind_keys(sqlx::query(INSERT_KEYS), plan)
            .bind(Stamp(plan.head.recorded_at))
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn insert_aliases(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        bind_aliases(sqlx::query(INSERT_ALIASES), plan).execute(&mut self.connection).await?;
        Ok(())
    }
}

impl Session for PostgresSession {
    type Place = PostgresServer;

    async fn open(server: &PostgresServer, config: &JournalConfig) -> Result<Self, sqlx::Error> {
        // The name tells an administrator which connection holds the head row's lock.
        let mut connection = server.named(WRITER_NAME).connect().await?;
        // Every other writer waits for who stands still here, and a transaction takes milliseconds.
        let idle_ms = config.busy_timeout.min(STANDSTILL_MAX).as_millis();
        let idle = format!("SET idle_in_transaction_session_timeout = {idle_ms}");
        connection.execute(sqlx::raw_sql(&idle)).await?;
        Ok(Self::new(connection, &config.journal))
    }

    async fn begin(&mut self) -> Result<Option<Locked>, sqlx::Error> {
        self.is_begun = true;
        let rows = self.connection.fetch_all(sqlx::raw_sql(&self.begin)).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (micros, server): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        let head = HeadRow {
            next_position: number(row.try_get(0)?)?,
            recorded_at: DateTime::from_timestamp_micros(micros).unwrap_or_default(),
        };
        Ok(Some(Locked { head, server: DateTime::from_timestamp_micros(server) }))
    }

    async fn versions(
        &mut self,
        streams: &[StreamId],
    ) -> Result<Vec<(StreamId, Version)>, sqlx::Error> {
        let types: BTreeSet<&str> = streams.iter().map(|s| s.aggregate_type.as_ref()).collect();
        let ids: Vec<String> = streams.iter().map(|s| s.aggregate_id.to_string()).collect();
        let rows: Vec<(String, String, i64)> = sqlx::query_as(SELECT_VERSIONS)
            .bind(types.into_iter().collect::<Vec<_>>())
            .bind(ids)
            .fetch_all(&mut self.connection)
            .await?;
        rows.into_iter().map(version_row).collect()
    }

    reads_alike!();

    async fn keys(&mut self, keys: &[KeyName]) -> Result<Vec<(KeyName, KnownKey)>, sqlx::Error> {
        let rows: Vec<KeyColumns> = sqlx::query_as(SELECT_KEYS)
            .bind(column(keys, |(actor, _)| actor.as_str()))
            .bind(column(keys, |(_, key)| key.as_str()))
            .fetch_all(&mut self.connection)
            .await?;
        rows.into_iter().map(key_row).collect()
    }

    async fn aliases(&mut self, aliases: &[&str]) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT alias FROM stream_aliases WHERE alias = ANY($1)")
            .bind(aliases)
            .fetch_all(&mut self.connection)
            .await
    }

    fn can_commit_in_one(&self) -> bool {
        self.in_one
    }

    async fn commit_in_one(
        &mut self,
        plan: &Plan<'_>,
        assumed: Position,
    ) -> Result<bool, sqlx::Error> {
        let done = self.send_in_one(plan, assumed).await;
        if done
            .as_ref()
            .err()
            .and_then(server_error)
            .is_some_and(|error| error.code() == NOT_SUPPORTED)
        {
            self.in_one = false;
            return Ok(false);
        }
        done
    }

    async fn write(&mut self, plan: &Plan<'_>) -> Result<(), sqlx::Error> {
        if !plan.events.is_empty() {
            self.insert_events(plan).await?;
        }
        if !plan.keys.is_empty() {
            self.insert_keys(plan).await?;
        }
        if !plan.aliases.is_empty() {
            self.insert_aliases(plan).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, head: HeadRow) -> Result<(), sqlx::Error> {
        // One message for both: a round trip less while every other writer waits for the lock.
        let (next, micros) = (head.next_position, head.recorded_at.timestamp_micros());
        let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let sql = format!(
            "UPDATE journal_head SET next_position = {next}, recorded_at = to_timestamp({seconds}) \
             + {rest} * interval '1 microsecond' WHERE journal = '{}'; COMMIT",
            self.journal
        );
        self.connection.execute(sqlx::raw_sql(&sql)).await?;
        self.is_begun = false;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        if self.is_begun {
            self.connection.execute(sqlx::raw_sql("ROLLBACK")).await?;
            self.is_begun = false;
        }
        Ok(())
    }

    fn failure(error: &sqlx::Error) -> Failure {
        let Some(error) = server_error(error) else {
            return Failure::Lost;
        };
        match error.code() {
            "23505" => Failure::Conflict,
            // Data exceptions, integrity, and limits of the program such as nesting depth.
            code if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => {
                Failure::Refused
            }
            _ => Failure::Lost,
        }
    }

    fn surely_not_committed(error: &sqlx::Error) -> bool {
        // An ERROR ends the transaction before it commits. A FATAL may arrive behind a commit that
        // was made, when the backend is told to stop at that moment.
        server_error(error).is_some_and(|error| error.severity() == PgSeverity::Error)
    }
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()
}

type PostgresQuery<'q> = Query<'q, Postgres, PgArguments>;

/// The ten columns of `events`, as `$1` to `$10`.
fn bind_events<'q>(query: PostgresQuery<'q>, plan: &'q Plan<'_>) -> PostgresQuery<'q> {
    let rows = &plan.events;
    query
        .bind(column(rows, |row| row.stream.aggregate_type.as_ref()))
        .bind(column(rows, |row| row.stream.aggregate_id.to_string()))
        .bind(column(rows, |row| row.sequence.stored()))
        .bind(column(rows, |row| row.event.event_type.as_ref()))
        .bind(column(rows, |row| row.event.event_version.as_ref()))
        .bind(column(rows, |row| row.event.payload.as_str()))
        .bind(column(rows, |row| row.event.metadata.as_str()))
        .bind(column(rows, |row| row.position.stored()))
        .bind(Stamp(plan.head.recorded_at))
        .bind(column(rows, |row| row.leaf.as_slice()))
}

/// Six of the columns of `requests`, one after the other from where the query stands; the seventh, the time,
/// is that of the events.
fn bind_keys<'q>(query: PostgresQuery<'q>, plan: &'q Plan<'_>) -> PostgresQuery<'q> {
    let rows = &plan.keys;
    query
        .bind(column(rows, |row| row.key.actor.as_str()))
        .bind(column(rows, |row| row.key.key.as_str()))
        .bind(column(rows, |row| row.key.body_hash.as_slice()))
        .bind(column(rows, |row| row.answer))
        .bind(column(rows, |row| row.position.stored()))
        .bind(column(rows, |row| row.version.stored()))
}

/// The three columns of `stream_aliases`, one after the other from where the query stands.
fn bind_aliases<'q>(query: PostgresQuery<'q>, plan: &'q Plan<'_>) -> PostgresQuery<'q> {
    let rows = &plan.aliases;
    query
        .bind(column(rows, |row| row.alias.as_str()))
        .bind(column(rows, |row| row.stream.aggregate_type.as_ref()))
        .bind(column(rows, |row| row.stream.aggregate_id.to_string()))
}

fn column<'r, R, T>(rows: &'r [R], field: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(field).collect()
}
