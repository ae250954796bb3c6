//! The read database: its two engines, its schema, and one way to run a statement on either.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

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
/// Connections of a site: one writes, one looks.
const SITE_CONNECTIONS: u32 = 2;
/// Connections for what people ask: as many again, so that no question keeps a projection waiting.
const QUERY_CONNECTIONS: u32 = 8;
/// How long a call waits for a connection or a lock before it fails.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a question may take: a statement on `PostgreSQL`, all statements of one connection on
/// `SQLite`. Every list has its index; what takes longer than this would only slow the others down.
pub const QUERY_WITHIN: Duration = Duration::from_secs(3);
/// Steps of `SQLite`'s machine between two looks at the clock: well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;
/// What `PostgreSQL` (`query_canceled`) and `SQLite` (`SQLITE_INTERRUPT`) say of a statement that was
/// stopped.
const STOPPED: [&str; 2] = ["57014", "9"];

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

impl ReadError {
    /// Whether a question took longer than `QUERY_WITHIN` and was stopped.
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        code.is_some_and(|code| STOPPED.contains(&&*code))
    }
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
    /// Runs statements that take nothing and give nothing.
    pub(crate) async fn run(self, statements: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(db) => db.execute(sqlx::raw_sql(statements)).await.map(drop),
            Self::Sqlite(db) => db.execute(sqlx::raw_sql(statements)).await.map(drop),
        }
    }

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

    /// How far a projection had come at the moment that this transaction sees; none before it was first
    /// built.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn position(
        &mut self,
        journal: &str,
        projection: &str,
    ) -> Result<Option<u64>, ReadError> {
        let found = crate::checkpoint::find(self.connection(), journal, projection).await?;
        Ok(found.map(|checkpoint| checkpoint.position))
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
    /// For what people ask: read only, each question bounded.
    queries: ReadPool,
    place: Place,
}

/// Where it is, to open a site beside it.
#[derive(Clone, Debug)]
enum Place {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

impl ReadStore {
    /// Reaches the database that the URL names, making an embedded one, and brings its schema up to
    /// this program's. On `PostgreSQL` everything is in the schemas `read` and `identity`; making
    /// those needs the right to create in the database, once.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open(url: &str) -> Result<Self, ReadError> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?;
            let place = Place::Sqlite(Box::new(options.clone()));
            let (pool, queries) = open_sqlite(&options).await?;
            Ok(Self { pool, queries, place })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?;
            let place = Place::Postgres(Box::new(options.clone()));
            let (pool, queries) = open_postgres(&options).await?;
            Ok(Self { pool, queries, place })
        } else {
            Err(ReadError::UnknownEngine)
        }
    }

    /// Whether it is `PostgreSQL`.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }

    /// The schema of a site on `PostgreSQL`.
    pub(crate) fn site_schema(name: &str) -> String {
        format!("build_{name}")
    }

    /// The file of a site on `SQLite`, beside the live one.
    pub(crate) fn site_file(&self, name: &str) -> Option<PathBuf> {
        let Place::Sqlite(options) = &self.place else { return None };
        let file = options.get_filename();
        let own = file.file_stem().unwrap_or_default().to_string_lossy();
        Some(file.with_file_name(format!("{own}.build-{name}.db")))
    }

    /// Opens a site beside it: a schema or a file for tables that are being built.
    pub(crate) async fn open_site(&self, name: &str) -> Result<Self, ReadError> {
        let place = self.place.clone();
        let (pool, queries) = match (&self.place, self.site_file(name)) {
            (Place::Sqlite(options), Some(file)) => {
                open_sqlite(&(**options).clone().filename(file)).await?
            }
            (Place::Postgres(options), _) => {
                let schema = Self::site_schema(name);
                let statement = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
                let mut handle = self.connection().await?;
                handle.connection().run(&statement).await?;
                let options = (**options)
                    .clone()
                    .options([("search_path", &*schema)])
                    .disable_statement_logging();
                let queries = ReadPool::Postgres(postgres_queries(options.clone()));
                (ReadPool::Postgres(postgres_pool(options, SITE_CONNECTIONS).await?), queries)
            }
            (Place::Sqlite(_), None) => return Err(ReadError::UnknownEngine),
        };
        Ok(Self { pool, queries, place })
    }

    /// Removes a site with all that is on it.
    pub(crate) async fn remove_site(&self, name: &str) -> Result<(), ReadError> {
        let Some(file) = self.site_file(name) else {
            let statement = format!("DROP SCHEMA IF EXISTS {} CASCADE", Self::site_schema(name));
            let mut handle = self.connection().await?;
            handle.connection().run(&statement).await?;
            return Ok(());
        };
        for suffix in ["", "-wal", "-shm"] {
            let mut path = file.clone().into_os_string();
            path.push(suffix);
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(sqlx::Error::Io(error).into());
                }
                _ => {}
            }
        }
        Ok(())
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

    /// Begins a transaction that sees one moment of some tables for as long as it lasts, and writes
    /// nothing.
    ///
    /// On `PostgreSQL` the tables are locked against being replaced before that moment is fixed:
    /// otherwise a rebuild could put a new table in place in between, whose rows are later than the
    /// moment, and it would be seen empty. A rebuild waits with its last step until the transaction
    /// ends, and gives up after its usual patience, to be started again.
    ///
    /// # Errors
    /// When the database cannot be read, or a table is being replaced for longer than a lock is waited
    /// for.
    pub async fn snapshot(
        &self,
        tables: &[&crate::table::Table],
    ) -> Result<ReadTransaction, sqlx::Error> {
        Ok(match &self.pool {
            ReadPool::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let mut transaction = pool.begin_with(begin).await?;
                for table in tables {
                    let (schema, name) = (table.realm.schema(), table.name);
                    let lock = format!("LOCK TABLE {schema}.{name} IN ACCESS SHARE MODE");
                    transaction.execute(sqlx::raw_sql(&lock)).await?;
                }
                ReadTransaction::Postgres(transaction)
            }
            ReadPool::Sqlite(pool) => ReadTransaction::Sqlite(pool.begin().await?),
        })
    }

    /// A connection for what somebody asks: it writes nothing, and what takes longer than
    /// `QUERY_WITHIN` is stopped ([`ReadError::is_too_slow`]). To be taken anew for each question.
    ///
    /// # Errors
    /// When none is to be had.
    pub async fn query(&self) -> Result<ReadHandle, sqlx::Error> {
        Ok(match &self.queries {
            ReadPool::Postgres(pool) => ReadHandle::Postgres(pool.acquire().await?),
            ReadPool::Sqlite(pool) => {
                let mut handle = pool.acquire().await?;
                let until = Instant::now() + QUERY_WITHIN;
                let goes_on = move || Instant::now() < until;
                handle.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, goes_on);
                ReadHandle::Sqlite(handle)
            }
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
        let found = crate::checkpoint::find(handle.connection(), journal, projection).await?;
        Ok(found.map_or(0, |checkpoint| checkpoint.position))
    }

    /// Every projection of a journal that was ever started here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn projections(&self, journal: &str) -> Result<Vec<crate::Stored>, ReadError> {
        let mut handle = self.connection().await?;
        crate::checkpoint::all(handle.connection(), journal).await
    }

    /// The pool, for what is read beside the projections of this crate.
    #[must_use]
    pub fn pool(&self) -> &ReadPool {
        &self.pool
    }

    /// Closes every connection. Calls that come later fail.
    pub async fn close(&self) {
        for pool in [&self.queries, &self.pool] {
            match pool {
                ReadPool::Postgres(pool) => pool.close().await,
                ReadPool::Sqlite(pool) => pool.close().await,
            }
        }
    }
}

/// `NORMAL` rather than `FULL`: when the power goes, the last commits may go with it, rows and
/// checkpoint together, and are computed again. What was deleted is overwritten at once: the index
/// of an erased person must not be read from the file's free pages.
async fn open_sqlite(options: &SqliteConnectOptions) -> Result<(ReadPool, ReadPool), ReadError> {
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
        .connect_with(options.clone())
        .await?;
    let queries = SqlitePoolOptions::new()
        .max_connections(QUERY_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "ON"));
    Ok((ReadPool::Sqlite(pool), ReadPool::Sqlite(queries)))
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

async fn open_postgres(options: &PgConnectOptions) -> Result<(ReadPool, ReadPool), ReadError> {
    // `read` comes first, so that the migrations' own table is there: the database may be the
    // journal's, whose `_sqlx_migrations` must not be mistaken for this one.
    let options =
        options.clone().options([("search_path", "read,identity")]).disable_statement_logging();
    migrate_postgres(&options).await?;
    let queries = ReadPool::Postgres(postgres_queries(options.clone()));
    Ok((ReadPool::Postgres(postgres_pool(options, MAX_CONNECTIONS).await?), queries))
}

/// The pool of questions opens no connection before the first.
fn postgres_queries(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(QUERY_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| Box::pin(prepare_query(connection)))
        .connect_lazy_with(options)
}

async fn postgres_pool(options: PgConnectOptions, most: u32) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_with(options)
        .await
}

/// - Waiting for a lock must end: the other runner may hang.
/// - What a crash of the server loses is computed again, rows and checkpoint together: no commit
///   here waits for the disk.
/// - Every statement has its index, but a plan made while a table was small would scan it long
///   after it has grown.
/// - Where a whole table must be read all the same, the price set on that is so high that `PostgreSQL`
///   would compile the statement first, for half a second, each time.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let patience_ms = PATIENCE.as_millis();
    let settings = format!(
        "SET lock_timeout = {patience_ms}; SET synchronous_commit = off; \
         SET enable_seqscan = off; SET jit = off"
    );
    connection.execute(sqlx::raw_sql(&settings)).await?;
    Ok(())
}

/// As [`prepare`], and:
/// - Nothing is written, and nothing takes long.
/// - A statement is planned for the values that it comes with, since one office has ten paths and another
///   ten thousand.
/// - A page joins a few rows, each by its key. To read a whole table for a hash or a merge looks cheap
///   while the table is small.
async fn prepare_query(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    prepare(&mut *connection).await?;
    let within_ms = QUERY_WITHIN.as_millis();
    let settings = format!(
        "SET statement_timeout = {within_ms}; SET default_transaction_read_only = on; \
         SET plan_cache_mode = force_custom_plan; \
         SET enable_hashjoin = off; SET enable_mergejoin = off"
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
