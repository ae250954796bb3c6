//! The store's database: its schema, and the settings of its connections.

use std::time::Duration;

use sira_database::{
    Database, DatabaseError, Durability, Engine, Pool, PoolProfile, PostgresProfile, Profile,
    Schema, SqliteJournalMode, SqliteProfile, SqliteSynchronous,
};

use super::KeysError;

/// On `PostgreSQL` a schema of its own, and nothing else on the path: the database may be the journal's,
/// whose tables and `_sqlx_migrations` must not be mistaken for these.
const NAMESPACE: &str = "keys";

static SCHEMA: Schema = Schema {
    postgres: sqlx::migrate!("migrations/keys/postgres"),
    sqlite: sqlx::migrate!("migrations/keys/sqlite"),
    own_versions: None,
    namespace: Some(NAMESPACE),
};

/// Reads are rare (the cache answers most) and blocks of keys are made one at a time.
const MAX_CONNECTIONS: u32 = 4;
/// How long a call waits for a connection or a lock before it fails.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last migration; the two engines' go together.
pub(crate) fn schema_version() -> i64 {
    SCHEMA.last_version(Engine::Sqlite)
}

/// Reaches the database that the URL names, and brings its schema up to this program's.
pub(super) async fn open(url: &str) -> Result<Pool, KeysError> {
    let database = Database::at(url, &profile())?;
    SCHEMA.migrate(&database).await?;
    Ok(database.open().await?)
}

/// Connections to a database in which the tables of a store were made; none in any other. Makes nothing.
pub(super) async fn open_made(url: &str) -> Result<Option<Pool>, KeysError> {
    let database = Database::at(url, &profile())?;
    if !SCHEMA.is_made(&database).await? {
        return Ok(None);
    }
    Ok(Some(database.open().await?))
}

fn profile() -> Profile {
    Profile {
        lock_wait: PATIENCE,
        pool: PoolProfile {
            max_connections: MAX_CONNECTIONS,
            acquire_within: PATIENCE,
            // Each connection is tried: calls are rare, and one that fails is a person not registered.
            trusted_rest: Duration::ZERO,
            is_lazy: false,
        },
        sqlite: sqlite_profile(),
        postgres: PostgresProfile {
            name: "sira-keys",
            search_path: Some(NAMESPACE.to_owned()),
            // A key that a crash of the server loses would lose the person with it.
            durability: Durability::OnDisk,
            // Waiting for a lock must end: a rewrite that waits blocks every reader that comes after it.
            // So must a transaction that hangs.
            settings: vec![(
                "idle_in_transaction_session_timeout",
                PATIENCE.as_millis().to_string(),
            )],
        },
    }
}

/// The rollback journal rather than a WAL: once a commit is done, the old page is in no file. A WAL
/// keeps it until a checkpoint, which any reader of any process can hold up. `TRUNCATE`, because with
/// `synchronous=FULL` the end of its journal is itself made durable; `DELETE` leaves that to the
/// directory, and a power cut could roll an acknowledged commit back. The price is a few more fsyncs
/// for a block of keys, which hundreds of registrations share.
fn sqlite_profile() -> SqliteProfile {
    SqliteProfile {
        journal_mode: SqliteJournalMode::Truncate,
        synchronous: SqliteSynchronous::Full,
        row_buffer: None,
        pragmas: vec![
            // What is deleted is overwritten at once.
            ("secure_delete", "ON"),
            // A rewrite's draft holds wrapped keys: they must not lie about in the system's temporary
            // files.
            ("temp_store", "MEMORY"),
        ],
        is_owner_only: true,
        makes_folder: false,
    }
}

impl From<DatabaseError> for KeysError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::UnknownEngine => Self::UnknownEngine,
            DatabaseError::UnknownSchema { version } => Self::UnknownSchema { version },
            // Said of a schema that is only looked at; this one is brought up to date.
            DatabaseError::SchemaBehind { expected, .. } => {
                Self::UnknownSchema { version: expected }
            }
            DatabaseError::WrongSchema { .. } => Self::WrongSchema,
            DatabaseError::Held { by } => Self::Held { by },
            DatabaseError::Database(error) => Self::Database(error),
            DatabaseError::Migration(error) => Self::Migration(error),
        }
    }
}
