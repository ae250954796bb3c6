//! The read database: its schema, the settings of its connections, and the site of a rebuild beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sira_database::{
    ByEngine, Connection, Database, DatabaseError, Durability, Handle, Pool, PoolProfile,
    PostgresProfile, Profile, Schema, SqliteJournalMode, SqliteProfile, SqliteSynchronous,
    Transaction,
};
use sira_numbers::Position;
use sqlx::migrate::MigrateError;

use crate::face::HeldUp;
use crate::table::DATA_SCHEMA;

static SCHEMA: Schema = Schema {
    postgres: sqlx::migrate!("../migrations/read/postgres"),
    sqlite: sqlx::migrate!("../migrations/read/sqlite"),
    own_versions: None,
    namespace: Some(DATA_SCHEMA),
};

/// `read_data` comes first, so that the migrations' own table is there: the database may be the journal's,
/// whose `_sqlx_migrations` must not be mistaken for this one. Schema `read` is not here: it is what
/// analysts see, under the same names.
const SEARCH_PATH: &str = "read_data,identity";
/// The same while the schema is brought up to date: the first migrations made their tables in `read`.
const MIGRATION_PATH: &str = "read_data,read,identity";
/// Readers and one writer a projection.
const MAX_CONNECTIONS: u32 = 8;
/// Connections of a site: two or three write, one looks.
const SITE_CONNECTIONS: u32 = 4;
/// Connections for what people ask: as many again, so that no question keeps a projection waiting.
const QUERY_CONNECTIONS: u32 = 8;
/// How connections show in `pg_stat_activity`: of who feeds the projections, of what people ask, and of a rebuild.
const FEEDER: &str = "sira-read";
const QUERIES: &str = "sira-read-queries";
const REBUILD: &str = "sira-rebuild";
/// How long a call waits for a connection or a lock before it fails.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a question may take: a statement on `PostgreSQL`, all statements of one connection on
/// `SQLite`. Every list has its index; what takes longer than this would only slow the others down.
pub const QUERY_WITHIN: Duration = Duration::from_secs(3);
/// What an embedded read database is called.
const OWN_FILE: &str = "read.db";
/// The largest embedded database whose pages are looked at when it is opened: some tenths of a second.
const CHECKED_BYTES_MAX: u64 = 128 << 20;
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
    /// The key of the index of people is gone, or cannot be read: the index is being made anew.
    #[error("the index of people cannot be read now")]
    Unindexed(#[source] crate::BoxError),
    /// The schema could not be brought up to date, since a session does not end.
    #[error("the read database's migration waits for a session that does not end: {by}")]
    Held {
        /// Who, as the server's list of sessions names them.
        by: String,
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
pub type ReadPool = Pool;
/// One connection, borrowed for some statements.
pub type ReadConnection<'c> = Connection<'c>;
/// A connection taken from the pool.
pub type ReadHandle = Handle;
/// A transaction; rolled back when dropped.
pub type ReadTransaction = Transaction;

/// How far a projection had come at the moment that a transaction sees; none before it was first built.
///
/// # Errors
/// When the database cannot be read.
pub async fn position_in(
    transaction: &mut ReadTransaction,
    journal: &str,
    projection: &str,
) -> Result<Option<Position>, ReadError> {
    let found = crate::checkpoint::find(transaction.connection(), journal, projection).await?;
    Ok(found.map(|checkpoint| checkpoint.position))
}

/// The read database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ReadStore {
    pool: ReadPool,
    /// For what people ask: read only, each question bounded.
    queries: ReadPool,
    /// Where it is, to open a site beside it.
    database: Database,
    /// What somebody holds up.
    held_up: HeldUp,
    /// Whether its rows were found to be of another history than the journal's.
    is_of_another: Arc<AtomicBool>,
}

impl ReadStore {
    /// Reaches the database that the URL names, making an embedded one, and brings its schema up to
    /// this program's. On `PostgreSQL` everything is in schemas of its own (`read_data`, `identity`, one
    /// for each version of the tables, and the views in `read` and `audit`); making those needs the right
    /// to create in the database.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open(url: &str) -> Result<Self, ReadError> {
        Self::open_in(Database::at(url, &profile(FEEDER, SEARCH_PATH, MAX_CONNECTIONS))?).await
    }

    /// As [`ReadStore::open`]; an embedded one that is damaged is made anew, since nothing is in it that is not
    /// computed again. Only a file of the name that Sira gives it is removed: another may have been named by mistake.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn open_or_remake(url: &str) -> Result<Self, ReadError> {
        let database = Database::at(url, &profile(FEEDER, SEARCH_PATH, MAX_CONNECTIONS))?;
        let own =
            database.file().filter(|file| file.file_name().is_some_and(|name| name == OWN_FILE));
        let Some(file) = own.map(Path::to_owned) else {
            return Self::open_in(database).await;
        };
        let damage = match Self::open_in(database.clone()).await {
            Ok(store) => match store.is_whole(&file).await {
                Ok(true) => return Ok(store),
                Ok(false) => {
                    store.close().await;
                    "its pages do not fit each other".to_owned()
                }
                Err(error) => {
                    store.close().await;
                    damage_of(&error).ok_or(error)?
                }
            },
            Err(error) => damage_of(&error).ok_or(error)?,
        };
        tracing::error!(file = %file.display(), damage, "the read database is damaged: it is made anew");
        // A crash in between leaves a part of it, or nothing: the next start makes the rest anew.
        remove_database(&file).map_err(sqlx::Error::Io)?;
        Self::open_in(database).await
    }

    /// Whether the pages of an embedded database fit each other. A large one is not looked at: that takes time in
    /// proportion, and a start must not.
    async fn is_whole(&self, file: &Path) -> Result<bool, ReadError> {
        let size = std::fs::metadata(file).map_or(0, |found| found.len());
        if size > CHECKED_BYTES_MAX {
            return Ok(true);
        }
        let mut handle = self.connection().await?;
        let ReadConnection::Sqlite(db) = handle.connection() else { return Ok(true) };
        let said: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(db).await?;
        Ok(said == "ok")
    }

    /// Closes an embedded database, removes its file, and makes it anew.
    pub(crate) async fn removed_and_opened(self) -> Result<Self, ReadError> {
        self.close().await;
        if let Some(file) = self.database.file() {
            remove_database(file).map_err(sqlx::Error::Io)?;
        }
        Self::open_in(self.database.clone()).await
    }

    async fn open_in(database: Database) -> Result<Self, ReadError> {
        let migrating = database.with(&profile(FEEDER, MIGRATION_PATH, SITE_CONNECTIONS));
        adopt(&migrating).await?;
        SCHEMA.migrate(&migrating).await?;
        let pool = database.open().await?;
        let queries = database.with(&query_profile(QUERIES, SEARCH_PATH)).open().await?;
        let (held_up, is_of_another) = (HeldUp::default(), Arc::default());
        Ok(Self { pool, queries, database, held_up, is_of_another })
    }

    /// Whether the URL names a read database that was made. Makes none.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn is_made(url: &str) -> Result<bool, ReadError> {
        let database = Database::at(url, &profile(FEEDER, SEARCH_PATH, SITE_CONNECTIONS))?;
        Ok(SCHEMA.is_made(&database).await?)
    }

    /// What somebody holds up of what this process wants to change here, each with the name of who does.
    #[must_use]
    pub const fn held_up(&self) -> &HeldUp {
        &self.held_up
    }

    /// Whether its rows were found to be of another history than the journal's when they were last held against it:
    /// then they tell of what is not there.
    #[must_use]
    pub fn is_of_another_history(&self) -> bool {
        self.is_of_another.load(Ordering::Relaxed)
    }

    /// Notes what was found.
    pub fn note_history(&self, is_of_another: bool) {
        self.is_of_another.store(is_of_another, Ordering::Relaxed);
    }

    /// Whether it is `PostgreSQL`.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.database.is_postgres()
    }

    /// The schema of a site on `PostgreSQL`.
    pub(crate) fn site_schema(name: &str) -> String {
        format!("build_{name}")
    }

    /// The file of a site on `SQLite`, beside the live one.
    pub(crate) fn site_file(&self, name: &str) -> Option<PathBuf> {
        let file = self.database.file()?;
        let own = file.file_stem().unwrap_or_default().to_string_lossy();
        Some(file.with_file_name(format!("{own}.build-{name}.db")))
    }

    /// Opens a site beside it: a schema or a file for tables that are being built.
    pub(crate) async fn open_site(&self, name: &str) -> Result<Self, ReadError> {
        let (site, path) = match (&self.database, self.site_file(name)) {
            (ByEngine::Sqlite(live), Some(file)) => {
                let site = ByEngine::Sqlite(live.at(&file));
                SCHEMA.migrate(&site).await?;
                (site, SEARCH_PATH.to_owned())
            }
            (live, _) => {
                let schema = Self::site_schema(name);
                let statement = made_once(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
                let mut handle = self.connection().await?;
                handle.connection().run(&statement).await?;
                (live.clone(), schema)
            }
        };
        let pool = site.with(&profile(REBUILD, &path, SITE_CONNECTIONS)).open().await?;
        let queries = site.with(&query_profile(REBUILD, &path)).open().await?;
        let (database, held_up) = (self.database.clone(), self.held_up.clone());
        let is_of_another = Arc::clone(&self.is_of_another);
        Ok(Self { pool, queries, database, held_up, is_of_another })
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
        self.pool.acquire().await
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
        let lock = |table: &&crate::table::Table| {
            format!("LOCK TABLE {}.{} IN ACCESS SHARE MODE", table.realm.schema(), table.name)
        };
        let locks: Vec<String> = tables.iter().map(lock).collect();
        self.pool.snapshot(&locks.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// A connection for what somebody asks: it writes nothing, and what takes longer than
    /// `QUERY_WITHIN` is stopped ([`ReadError::is_too_slow`]). To be taken anew for each question.
    ///
    /// # Errors
    /// When none is to be had.
    pub async fn query(&self) -> Result<ReadHandle, sqlx::Error> {
        let mut handle = self.queries.acquire().await?;
        if let ByEngine::Sqlite(handle) = &mut handle {
            let until = Instant::now() + QUERY_WITHIN;
            let goes_on = move || Instant::now() < until;
            handle.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, goes_on);
        }
        Ok(handle)
    }

    pub(crate) async fn begin(&self) -> Result<ReadTransaction, sqlx::Error> {
        self.pool.begin().await
    }

    /// How far a projection has come: every event up to this position is in its rows. 0 before its
    /// first batch.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn position(&self, journal: &str, projection: &str) -> Result<Position, ReadError> {
        let mut handle = self.connection().await?;
        let found = crate::checkpoint::find(handle.connection(), journal, projection).await?;
        Ok(found.map_or(Position::START, |checkpoint| checkpoint.position))
    }

    /// Every projection of a journal that was ever started here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn projections(
        &self,
        journal: &str,
    ) -> Result<Vec<crate::StoredProjection>, ReadError> {
        let mut handle = self.connection().await?;
        crate::checkpoint::all(handle.connection(), journal).await
    }

    /// The pool, for what is read beside the projections of this crate.
    #[must_use]
    pub fn pool(&self) -> &ReadPool {
        &self.pool
    }

    /// Empties the write-ahead log of an embedded database into its file; false when a reader holds it
    /// up, to be tried again. What was deleted is overwritten in the file, and the log keeps no page of
    /// before. On `PostgreSQL` the server's logs are the server's.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn truncate_log(&self) -> Result<bool, sqlx::Error> {
        self.pool.truncate_log().await
    }

    /// Closes every connection. Calls that come later fail.
    pub async fn close(&self) {
        for pool in [&self.queries, &self.pool] {
            pool.close().await;
        }
    }
}

/// Prepares the schemas on `PostgreSQL`: what lay in `read` before analysts had views there becomes
/// `read_data`, where nobody looks but the server. A view that somebody has made on one of those tables
/// goes on being, and reads nothing any more: it had the right by `sira_analyst`, which is taken back.
async fn adopt(database: &Database) -> Result<(), ReadError> {
    let ByEngine::Postgres(server) = database else { return Ok(()) };
    let mut db = server.connect().await?;
    for (statement, is_needed) in [
        (
            "ALTER SCHEMA read RENAME TO read_data",
            "SELECT to_regnamespace('read_data') IS NULL
                AND to_regclass('read._sqlx_migrations') IS NOT NULL",
        ),
        ("CREATE SCHEMA read_data", "SELECT to_regnamespace('read_data') IS NULL"),
        ("CREATE SCHEMA read", "SELECT to_regnamespace('read') IS NULL"),
    ] {
        let asked = || sqlx::query_scalar::<_, bool>(is_needed);
        if asked().fetch_one(&mut db).await?
            && let Err(error) = ReadConnection::Postgres(&mut db).run(statement).await
            // Another process may have done it in the same moment.
            && asked().fetch_one(&mut db).await?
        {
            return Err(error.into());
        }
    }
    Ok(sqlx::Connection::close(db).await?)
}

/// How long a transaction may stand idle between two statements: longer than a reader who takes nothing is
/// waited for (a minute), and than any fold computes.
const LEFT_OPEN_WITHIN: Duration = Duration::from_secs(75);

/// The settings of who feeds the projections, and of readers that nobody waits for.
fn profile(name: &'static str, search_path: &str, max_connections: u32) -> Profile {
    Profile {
        // Waiting for a lock must end: the other runner may hang.
        lock_wait: PATIENCE,
        pool: PoolProfile {
            max_connections,
            acquire_within: PATIENCE,
            trusted_rest: Duration::ZERO,
            is_lazy: false,
        },
        sqlite: SqliteProfile {
            journal_mode: SqliteJournalMode::Wal,
            // `NORMAL` rather than `FULL`: when the power goes, the last commits may go with it, rows
            // and checkpoint together, and are computed again.
            synchronous: SqliteSynchronous::Normal,
            row_buffer: None,
            pragmas: vec![
                // What was deleted is overwritten at once: the index of an erased person must not be
                // read from the file's free pages.
                ("secure_delete", "ON"),
                // 64 MiB: a batch touches the pages of many tables.
                ("cache_size", "-65536"),
            ],
            is_owner_only: true,
            makes_folder: true,
        },
        postgres: PostgresProfile {
            name,
            search_path: Some(search_path.to_owned()),
            // What a crash of the server loses is computed again, rows and checkpoint together: no
            // commit here waits for the disk.
            durability: Durability::Relaxed,
            settings: vec![
                // Every statement has its index, but a plan made while a table was small would scan it
                // long after it has grown.
                ("enable_seqscan", "off".to_owned()),
                // Where a whole table must be read all the same, the price set on that is so high that
                // PostgreSQL would compile the statement first, for half a second, each time.
                ("jit", "off".to_owned()),
                // A transaction that nobody knows of any more, since whoever began it was cut off, must not
                // hold a lease or a place for ever. Those who read slowly are given up before.
                ("idle_in_transaction_session_timeout", LEFT_OPEN_WITHIN.as_millis().to_string()),
            ],
        },
    }
}

/// As [`profile`], for what people ask: nothing is written, and nothing takes long.
fn query_profile(name: &'static str, search_path: &str) -> Profile {
    let mut profile = profile(name, search_path, QUERY_CONNECTIONS);
    // No connection before the first question.
    profile.pool.is_lazy = true;
    profile.sqlite.pragmas.push(("query_only", "ON"));
    profile.postgres.settings.extend([
        ("statement_timeout", QUERY_WITHIN.as_millis().to_string()),
        ("default_transaction_read_only", "on".to_owned()),
        // A statement is planned for the values that it comes with, since one office has ten paths and
        // another ten thousand.
        ("plan_cache_mode", "force_custom_plan".to_owned()),
        // A page joins a few rows, each by its key. To read a whole table for a hash or a merge looks
        // cheap while the table is small.
        ("enable_hashjoin", "off".to_owned()),
        ("enable_mergejoin", "off".to_owned()),
    ]);
    profile
}

/// What `SQLite` says of a file that is damaged, or none of its own; nothing of any other failure.
fn damage_of(error: &ReadError) -> Option<String> {
    /// `SQLITE_CORRUPT` and `SQLITE_NOTADB`, without what further codes say beside.
    const DAMAGED: [i32; 2] = [11, 26];
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(sqlx::Error::Database(said)) = one.downcast_ref::<sqlx::Error>() {
            let code = said.code().and_then(|code| code.parse::<i32>().ok());
            return DAMAGED.contains(&(code? & 0xff)).then(|| said.message().to_owned());
        }
        cause = one.source();
    }
    None
}

/// Removes an embedded database with its journals.
fn remove_database(file: &Path) -> std::io::Result<()> {
    for side in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(side);
        match std::fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl From<DatabaseError> for ReadError {
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

/// A statement that makes something which may be there, on `PostgreSQL`, so that two who make it at once make it
/// once: without the lock the second is refused by the catalogue's own index. A rebuild that was killed may
/// still be making it on the server.
pub(crate) fn made_once(statement: &str) -> String {
    /// Any number that nobody else takes as a lock: "site" in ASCII.
    const SITES: u32 = 0x7369_7465;
    format!("DO $made$ BEGIN PERFORM pg_advisory_xact_lock({SITES}); {statement}; END $made$")
}
