//! The read database: its two engines, its schema, and one way to run a statement on either.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    ConnectOptions, Executor, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool,
    Transaction,
};

static POSTGRES: Migrator = sqlx::migrate!("../migrations/read/postgres");
static SQLITE: Migrator = sqlx::migrate!("../migrations/read/sqlite");

/// Readers and one writer a projection.
const MAX_CONNECTIONS: u32 = 8;
/// How long a call waits for a connection or a lock before it fails.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the read database could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The URL is of no engine that Sira knows.
    #[error("a read database's URL starts with `sqlite:`, `postgres:` or `postgresql:`")]
    UnknownEngine,
    /// The schema was made by a newer program, or by none of ours.
    #[error("the read database's schema is not known to this program (migration {version})")]
    UnknownSchema {
        /// The first migration that this program does not have, or has otherwise.
        version: i64,
    },
    /// The connection does not reach schema `read`: a pooler in between drops the search path.
    #[error("the connection does not work in schema `read`; is there a pooler in between?")]
    WrongSchema,
    /// A row contradicts what the projections always keep true.
    #[error("{table} {id} is damaged")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
    },
    /// The database refused or went away.
    #[error("the read database failed")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("the read database's migration failed")]
    Migration(#[source] MigrateError),
}

/// The read database's connections.
#[derive(Clone, Debug)]
pub enum ReadPool {
    /// `PostgreSQL`.
    Postgres(PgPool),
    /// The embedded engine.
    Sqlite(SqlitePool),
}

/// One connection, borrowed for some statements.
#[derive(Debug)]
pub enum ReadConnection<'c> {
    /// `PostgreSQL`.
    Postgres(&'c mut PgConnection),
    /// The embedded engine.
    Sqlite(&'c mut SqliteConnection),
}

/// A connection taken from the pool.
#[derive(Debug)]
pub enum ReadHandle {
    /// `PostgreSQL`.
    Postgres(PoolConnection<Postgres>),
    /// The embedded engine.
    Sqlite(PoolConnection<Sqlite>),
}

/// A transaction; rolled back when dropped.
#[derive(Debug)]
pub enum ReadTransaction {
    /// `PostgreSQL`.
    Postgres(Transaction<'static, Postgres>),
    /// The embedded engine.
    Sqlite(Transaction<'static, Sqlite>),
}

/// Runs the same expression on whichever connection a [`ReadConnection`] is: the dialects agree on
/// `$1`, `ON CONFLICT` and `RETURNING`. The expression sees the connection under the name given.
#[macro_export]
macro_rules! on_read {
    ($connection:expr, $db:ident => $run:expr) => {
        match $connection {
            $crate::ReadConnection::Postgres($db) => $run,
            $crate::ReadConnection::Sqlite($db) => $run,
        }
    };
}

impl ReadConnection<'_> {
    /// The same connection, for one statement more.
    #[must_use]
    pub fn again(&mut self) -> ReadConnection<'_> {
        match self {
            Self::Postgres(db) => ReadConnection::Postgres(db),
            Self::Sqlite(db) => ReadConnection::Sqlite(db),
        }
    }
}

impl ReadHandle {
    /// The connection.
    #[must_use]
    pub fn connection(&mut self) -> ReadConnection<'_> {
        match self {
            Self::Postgres(handle) => ReadConnection::Postgres(handle),
            Self::Sqlite(handle) => ReadConnection::Sqlite(handle),
        }
    }
}

impl ReadTransaction {
    /// The connection.
    #[must_use]
    pub fn connection(&mut self) -> ReadConnection<'_> {
        match self {
            Self::Postgres(transaction) => ReadConnection::Postgres(transaction),
            Self::Sqlite(transaction) => ReadConnection::Sqlite(transaction),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await,
            Self::Sqlite(transaction) => transaction.commit().await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.rollback().await,
            Self::Sqlite(transaction) => transaction.rollback().await,
        }
    }
}

/// The read database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadStore {
    pool: ReadPool,
}

impl ReadStore {
    /// Reaches the database that the URL names, making an embedded one, and brings its schema up to
    /// this program's. On `PostgreSQL` everything is in the schemas `read` and `identity`; making
    /// those needs the right to create in the database, once.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open(url: &str) -> Result<Self, ReadError> {
        let pool = if url.starts_with("sqlite:") {
            open_sqlite(&SqliteConnectOptions::from_str(url)?).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(&PgConnectOptions::from_str(url)?).await?
        } else {
            return Err(ReadError::UnknownEngine);
        };
        Ok(Self { pool })
    }

    /// A connection, for reads.
    ///
    /// # Errors
    /// When none is to be had.
    pub async fn connection(&self) -> Result<ReadHandle, sqlx::Error> {
        Ok(match &self.pool {
            ReadPool::Postgres(pool) => ReadHandle::Postgres(pool.acquire().await?),
            ReadPool::Sqlite(pool) => ReadHandle::Sqlite(pool.acquire().await?),
        })
    }

    pub(crate) async fn begin(&self) -> Result<ReadTransaction, sqlx::Error> {
        Ok(match &self.pool {
            ReadPool::Postgres(pool) => ReadTransaction::Postgres(pool.begin().await?),
            ReadPool::Sqlite(pool) => ReadTransaction::Sqlite(pool.begin().await?),
        })
    }

    /// How far a projection has come: every event up to this position is in its rows. 0 before its
    /// first batch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn position(&self, journal: &str, projection: &str) -> Result<u64, ReadError> {
        let mut handle = self.connection().await?;
        let found =
            crate::runner::find_checkpoint(handle.connection(), journal, projection).await?;
        Ok(found.map_or(0, |checkpoint| checkpoint.position))
    }

    /// The pool, for what is read beside the projections of this crate.
    #[must_use]
    pub fn pool(&self) -> &ReadPool {
        &self.pool
    }

    /// Closes every connection. Calls that come later fail.
    pub async fn close(&self) {
        match &self.pool {
            ReadPool::Postgres(pool) => pool.close().await,
            ReadPool::Sqlite(pool) => pool.close().await,
        }
    }
}

/// `NORMAL` rather than `FULL`: when the power goes, the last commits may go with it, rows and
/// checkpoint together, and are computed again. What was deleted is overwritten at once: the index
/// of an erased person must not be read from the file's free pages.
async fn open_sqlite(options: &SqliteConnectOptions) -> Result<ReadPool, ReadError> {
    let options = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(PATIENCE)
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-65536")
        .disable_statement_logging();
    if let Some(directory) = options.get_filename().parent().filter(|path| *path != Path::new("")) {
        std::fs::create_dir_all(directory).map_err(sqlx::Error::Io)?;
    }
    migrate_sqlite(&options).await?;
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    Ok(ReadPool::Sqlite(pool))
}

/// Two processes that start together on a new file may both make the tables: the second fails, and
/// finds on a second look what the first has made.
async fn migrate_sqlite(options: &SqliteConnectOptions) -> Result<(), ReadError> {
    let one = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    if SQLITE.run(&one).await.is_err() {
        SQLITE.run(&one).await.map_err(schema_error)?;
    }
    one.close().await;
    Ok(())
}

async fn open_postgres(options: &PgConnectOptions) -> Result<ReadPool, ReadError> {
    // `read` comes first, so that the migrations' own table is there: the database may be the
    // journal's, whose `_sqlx_migrations` must not be mistaken for this one.
    let options =
        options.clone().options([("search_path", "read,identity")]).disable_statement_logging();
    migrate_postgres(&options).await?;
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_with(options)
        .await?;
    Ok(ReadPool::Postgres(pool))
}

/// - Waiting for a lock must end: the other runner may hang.
/// - What a crash of the server loses is computed again, rows and checkpoint together: no commit
///   here waits for the disk.
/// - Every statement has its index, but a plan made while a table was small would scan it long
///   after it has grown.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let patience_ms = PATIENCE.as_millis();
    let settings = format!(
        "SET lock_timeout = {patience_ms}; SET synchronous_commit = off; SET enable_seqscan = off"
    );
    connection.execute(sqlx::raw_sql(&settings)).await?;
    Ok(())
}

/// On a connection of its own: when it fails, the migrator's lock goes with the connection.
async fn migrate_postgres(options: &PgConnectOptions) -> Result<(), ReadError> {
    let one = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    if current_schema(&one).await?.as_deref() != Some("read") {
        let made = one.execute("CREATE SCHEMA IF NOT EXISTS read").await;
        // Another process may have made it in the same moment, which PostgreSQL reports as an error.
        if current_schema(&one).await?.is_none() {
            made?;
        }
    }
    if current_schema(&one).await?.as_deref() != Some("read") {
        return Err(ReadError::WrongSchema);
    }
    POSTGRES.run(&one).await.map_err(schema_error)?;
    one.close().await;
    Ok(())
}

async fn current_schema(db: &PgPool) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT current_schema()::text").fetch_one(db).await
}

fn schema_error(error: MigrateError) -> ReadError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
            ReadError::UnknownSchema { version }
        }
        other => ReadError::Migration(other),
    }
}
