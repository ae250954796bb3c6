//! The journal's database: its schema, and the settings of its connections.

use std::time::Duration;

use sira_database::{
    Database, DatabaseError, Durability, Engine, PoolProfile, PostgresProfile, Profile, Schema,
    SqliteJournalMode, SqliteProfile, SqliteSynchronous,
};

use crate::{JournalConfig, JournalError};

/// Other parts may keep their migrations in the same database and table.
pub(crate) static SCHEMA: Schema = Schema {
    postgres: sqlx::migrate!("../../migrations/journal/postgres"),
    sqlite: sqlx::migrate!("../../migrations/journal/sqlite"),
    own_versions: Some(1000..=1999),
    namespace: None,
};

/// A connection that rested longer than this is tried before it is used: a server that restarted in
/// between must not cost a caller an error, and a busy pool must not pay a round trip for the check.
const TRUSTED_REST: Duration = Duration::from_secs(1);
/// How long a reader of an embedded journal waits for a connection. Nothing but other readers of this
/// process keeps one from it.
const SQLITE_ACQUIRE_WITHIN: Duration = Duration::from_secs(30);

/// The database that a configuration names.
pub(crate) fn database_of(config: &JournalConfig) -> Result<Database, JournalError> {
    Ok(Database::at(&config.url, &profile(config))?)
}

fn profile(config: &JournalConfig) -> Profile {
    let is_embedded = config.sqlite_path().is_some();
    let patience_ms = config.busy_timeout.as_millis().to_string();
    Profile {
        lock_wait: config.busy_timeout,
        pool: PoolProfile {
            max_connections: config.max_connections,
            acquire_within: if is_embedded { SQLITE_ACQUIRE_WITHIN } else { config.busy_timeout },
            trusted_rest: TRUSTED_REST,
            is_lazy: false,
        },
        sqlite: SqliteProfile {
            // Readers and the writer do not wait for one another.
            journal_mode: SqliteJournalMode::Wal,
            // NORMAL, which sqlite-es opens with, may lose the last commits when the power goes.
            synchronous: SqliteSynchronous::Full,
            // Rows cross from the thread that reads the file in lots of so many: with 50, which is the
            // default, two threads spend more time waking each other than reading.
            row_buffer: Some(1_000),
            // Answers and hashes of requests are forgotten after a month: what is deleted is overwritten.
            pragmas: vec![("secure_delete", "ON")],
            is_owner_only: true,
            makes_folder: false,
        },
        postgres: PostgresProfile {
            name: "sira-journal",
            search_path: None,
            // `off` would acknowledge what a crash of the server loses.
            durability: Durability::OnDisk,
            settings: vec![
                // A process that hangs while it holds the head row must not stop all others for ever.
                ("idle_in_transaction_session_timeout", patience_ms),
                // Every statement here has its index, but a plan made while the table was small would
                // scan it long after it has grown.
                ("enable_seqscan", "off".to_owned()),
            ],
        },
    }
}

impl From<DatabaseError> for JournalError {
    fn from(error: DatabaseError) -> Self {
        let unknown = |found: String| Self::SchemaUnknown {
            found,
            // The two engines' versions go together.
            expected: migration(SCHEMA.last_version(Engine::Sqlite)),
        };
        match error {
            DatabaseError::UnknownEngine => Self::UnknownEngine,
            DatabaseError::UnknownSchema { version } => unknown(format!(
                "{}, which this program does not know as it is",
                migration(version)
            )),
            DatabaseError::SchemaBehind { found, expected } => Self::SchemaBehind {
                found: found.map_or_else(|| "no schema".to_owned(), migration),
                expected: migration(expected),
            },
            DatabaseError::WrongSchema { schema } => unknown(format!("no schema `{schema}`")),
            DatabaseError::Held { by } => Self::Held { by },
            DatabaseError::Database(error) => Self::Database(error),
            DatabaseError::Migration(error) => Self::Migration(error),
        }
    }
}

fn migration(version: i64) -> String {
    format!("migration {version}")
}
