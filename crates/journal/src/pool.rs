//! The two engines' pools, their settings, and the macro that runs one statement on either.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, SqliteConnection, SqlitePool,
};

use crate::{JournalConfig, JournalError};

/// A connection that rested longer than this is tried before it is used: a server that restarted in
/// between must not cost a caller an error, and a busy pool must not pay a round trip for the check.
const TRUSTED_REST: Duration = Duration::from_secs(1);

/// Connections to the journal's database, for reads and for the small tables beside the journal.
#[derive(Clone, Debug)]
pub enum Pool {
    /// `PostgreSQL`.
    Postgres(PgPool),
    /// The embedded engine.
    Sqlite(SqlitePool),
}

/// Runs the same expression on whichever pool (or connection) there is: the dialects agree on `$1`,
/// `ON CONFLICT` and `RETURNING`. The expression sees the pool under the name given.
///
/// ```ignore
/// let value: Option<(String,)> = on_pool!(journal.pool(), db => {
///     sqlx::query_as("SELECT value FROM journal_settings WHERE name = $1")
///         .bind(name)
///         .fetch_optional(db)
///         .await
/// })?;
/// ```
#[macro_export]
macro_rules! on_pool {
    ($pool:expr, $db:ident => $run:expr) => {
        match $pool {
            $crate::Pool::Postgres($db) => $run,
            $crate::Pool::Sqlite($db) => $run,
        }
    };
}

/// Which engine, and how to reach it.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Postgres(PgConnectOptions),
    Sqlite(SqliteConnectOptions),
}

impl Target {
    pub(crate) fn of(config: &JournalConfig) -> Result<Self, JournalError> {
        if let Some(path) = config.sqlite_path() {
            return Ok(Self::Sqlite(sqlite_options(path, config.busy_timeout)));
        }
        if config.url.starts_with("postgres") {
            return Ok(Self::Postgres(postgres_options(config)?));
        }
        Err(JournalError::UnknownEngine)
    }
}

fn sqlite_options(path: &str, busy_timeout: Duration) -> SqliteConnectOptions {
    // Statements are not logged: a server at debug level must stay usable.
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL, which sqlite-es opens with, may lose the last commits when the power goes.
        .synchronous(SqliteSynchronous::Full)
        // Rows cross from the thread that reads the file in lots of so many: with 50, which is the
        // default, two threads spend more time waking each other than reading.
        .row_buffer_size(1_000)
        .busy_timeout(busy_timeout)
        .disable_statement_logging()
}

fn postgres_options(config: &JournalConfig) -> Result<PgConnectOptions, JournalError> {
    let options: PgConnectOptions = config.url.parse()?;
    Ok(options.disable_statement_logging())
}

/// Opens a server connection with the settings on which the journal relies.
pub(crate) async fn connect_postgres(
    options: &PgConnectOptions,
    lock_timeout: Duration,
) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    prepare_postgres(&mut connection, lock_timeout).await?;
    Ok(connection)
}

/// - A process that hangs while it holds the head row must not stop all others for ever.
/// - `synchronous_commit = off` would acknowledge what a crash loses; stricter settings are kept.
/// - Every statement here has its index, but a plan made while the table was small would scan it long
///   after it has grown.
async fn prepare_postgres(
    connection: &mut PgConnection,
    lock_timeout: Duration,
) -> Result<(), sqlx::Error> {
    let timeout_ms = lock_timeout.as_millis();
    let settings = format!(
        "SET lock_timeout = {timeout_ms};
         SET idle_in_transaction_session_timeout = {timeout_ms};
         SET enable_seqscan = off;
         SELECT set_config('synchronous_commit', 'on', false)
          WHERE current_setting('synchronous_commit') = 'off'"
    );
    connection.execute(sqlx::raw_sql(&settings)).await?;
    Ok(())
}

/// Opens the pool for reads and side tables.
pub(crate) async fn open_pool(
    target: &Target,
    config: &JournalConfig,
) -> Result<Pool, sqlx::Error> {
    Ok(match target {
        Target::Postgres(options) => Pool::Postgres(open_postgres(options.clone(), config).await?),
        Target::Sqlite(options) => Pool::Sqlite(
            SqlitePoolOptions::new()
                .max_connections(config.max_connections)
                .test_before_acquire(false)
                .connect_with(options.clone())
                .await?,
        ),
    })
}

async fn open_postgres(
    options: PgConnectOptions,
    config: &JournalConfig,
) -> Result<PgPool, sqlx::Error> {
    let lock_timeout = config.busy_timeout;
    PgPoolOptions::new()
        .max_connections(config.max_connections)
        .acquire_timeout(config.busy_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, rest| {
            Box::pin(async move {
                if rest.idle_for > TRUSTED_REST {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| Box::pin(prepare_postgres(connection, lock_timeout)))
        .connect_with(options)
        .await
}

/// One connection of its own, outside the pool.
pub(crate) enum Link {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Link {
    pub(crate) async fn open(target: &Target, lock_timeout: Duration) -> Result<Self, sqlx::Error> {
        Ok(match target {
            Target::Postgres(options) => {
                Self::Postgres(connect_postgres(options, lock_timeout).await?)
            }
            Target::Sqlite(options) => Self::Sqlite(SqliteConnection::connect_with(options).await?),
        })
    }
}
