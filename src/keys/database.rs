//! The store's two engines: how each is reached, and its schema.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, PgConnection, PgPool, SqlitePool};

use super::KeysError;
use super::master_file::owner_only;

static POSTGRES: Migrator = sqlx::migrate!("migrations/keys/postgres");
static SQLITE: Migrator = sqlx::migrate!("migrations/keys/sqlite");

/// Reads are rare (the cache answers most) and blocks of keys are made one at a time.
const MAX_CONNECTIONS: u32 = 4;
/// How long a call waits for a connection or a lock before it fails.
const PATIENCE: Duration = Duration::from_secs(5);

/// The store's database.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Runs the same expression on whichever pool there is; it sees the pool under the name given.
macro_rules! on_engine {
    ($engine:expr, |$db:ident| $run:expr) => {
        match $engine {
            $crate::keys::engine::Engine::Postgres($db) => $run,
            $crate::keys::engine::Engine::Sqlite($db) => $run,
        }
    };
}
pub(super) use on_engine;

/// The last migration; the two engines' go together.
pub(super) fn schema_version() -> i64 {
    SQLITE.iter().last().map_or(0, |migration| migration.version)
}

impl Engine {
    /// Reaches the database that the URL names, and brings its schema up to this program's.
    pub(super) async fn open(url: &str) -> Result<Self, KeysError> {
        if url.starts_with("sqlite:") {
            open_sqlite(&SqliteConnectOptions::from_str(url)?).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(&PgConnectOptions::from_str(url)?).await
        } else {
            Err(KeysError::UnknownEngine)
        }
    }

    pub(super) async fn close(&self) {
        on_engine!(self, |db| db.close().await);
    }
}

/// The rollback journal rather than a WAL: once a commit is done, the old page is in no file. A WAL
/// keeps it until a checkpoint, which any reader of any process can hold up. `TRUNCATE`, because with
/// `synchronous=FULL` the end of its journal is itself made durable; `DELETE` leaves that to the
/// directory, and a power cut could roll an acknowledged commit back. The price is a few more fsyncs
/// for a block of keys, which hundreds of registrations share.
async fn open_sqlite(options: &SqliteConnectOptions) -> Result<Engine, KeysError> {
    let options = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Truncate)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("secure_delete", "ON")
        // A rewrite's draft holds wrapped keys: they must not lie about in the system's temporary files.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging();
    claim_file(options.get_filename()).map_err(sqlx::Error::Io)?;
    migrate_sqlite(&options).await?;
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?;
    Ok(Engine::Sqlite(pool))
}

/// Makes the file before `SQLite` does, readable by its owner alone; its journal takes over the mode.
fn claim_file(path: &Path) -> io::Result<()> {
    let is_in_memory = path.to_string_lossy().starts_with("file:");
    if is_in_memory {
        return Ok(());
    }
    match owner_only(OpenOptions::new().write(true).create_new(true)).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Two processes that start together on a new file may both make the tables: the second fails, and
/// finds on a second look what the first has made. A crash in between leaves no half migration, for
/// each is one transaction.
async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), KeysError> {
    let one = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    if SQLITE.run(&one).await.is_err() {
        SQLITE.run(&one).await.map_err(schema_error)?;
    }
    one.close().await;
    Ok(())
}

async fn open_postgres(options: &PgConnectOptions) -> Result<Engine, KeysError> {
    // A schema of its own, and nothing else on the path: the database may be the journal's, whose
    // tables and `_sqlx_migrations` must not be mistaken for these.
    let options = options.clone().options([("search_path", "keys")]).disable_statement_logging();
    migrate_postgres(&options).await?;
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_with(options)
        .await?;
    Ok(Engine::Postgres(pool))
}

/// - A key that a crash of the server loses would lose the person with it: `synchronous_commit = off`
///   is overruled, stricter settings are kept.
/// - Waiting for a lock must end: a rewrite that waits blocks every reader that comes after it.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let patience_ms = PATIENCE.as_millis();
    let settings = format!(
        "SET lock_timeout = {patience_ms};
         SET idle_in_transaction_session_timeout = {patience_ms};
         SELECT set_config('synchronous_commit', 'on', false)
          WHERE current_setting('synchronous_commit') = 'off'"
    );
    connection.execute(sqlx::raw_sql(&settings)).await?;
    Ok(())
}

/// On a connection of its own: when it fails, the migrator's lock goes with the connection.
async fn migrate_postgres(options: &PgConnectOptions) -> Result<(), KeysError> {
    let one = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    if current_schema(&one).await?.is_none() {
        let made = one.execute("CREATE SCHEMA IF NOT EXISTS keys").await;
        // Another process may have made it in the same moment, which PostgreSQL reports as an error.
        if current_schema(&one).await?.is_none() {
            made?;
        }
    }
    if current_schema(&one).await?.as_deref() != Some("keys") {
        return Err(KeysError::WrongSchema);
    }
    POSTGRES.run(&one).await.map_err(schema_error)?;
    one.close().await;
    Ok(())
}

async fn current_schema(db: &PgPool) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT current_schema()::text").fetch_one(db).await
}

fn schema_error(error: MigrateError) -> KeysError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            KeysError::UnknownSchema { version }
        }
        other => KeysError::Migration(other),
    }
}
