//! A database that a URL names, and opening it with a store's settings.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, PgPool, SqliteConnection, SqlitePool,
};

use crate::{ByEngine, DatabaseError, Link, Pool, PoolProfile, Profile, SqliteProfile};

/// A database and the settings with which every connection to it is opened. Nothing is opened yet.
pub type Database = ByEngine<PostgresServer, SqliteFile>;

/// How a server is reached, and how each connection to it is set up.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    /// As the URL has it.
    url: PgConnectOptions,
    options: PgConnectOptions,
    setup: Arc<str>,
    pool: PoolProfile,
}

/// Where an embedded database lies, and how each connection to it is set up.
#[derive(Clone, Debug)]
pub struct SqliteFile {
    /// As the URL has it.
    url: SqliteConnectOptions,
    options: SqliteConnectOptions,
    pool: PoolProfile,
    is_owner_only: bool,
    makes_folder: bool,
}

/// The path in a URL of the embedded engine, as it was written, without what may follow a `?`; none in
/// any other URL.
#[must_use]
pub fn sqlite_path(url: &str) -> Option<&str> {
    sqlite_parts(url).map(|(path, _)| path)
}

/// The path, and the parameters behind it.
fn sqlite_parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("sqlite:")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    Some(rest.split_at(rest.find('?').unwrap_or(rest.len())))
}

impl Database {
    /// The database that a URL names: `sqlite:PATH`, `postgres://..` or `postgresql://..`.
    ///
    /// # Errors
    /// [`DatabaseError::UnknownEngine`], or `Database` for a URL that cannot be read.
    pub fn at(url: &str, profile: &Profile) -> Result<Self, DatabaseError> {
        if let Some((path, parameters)) = sqlite_parts(url) {
            // The file's name is taken as it was written: sqlx would decode `%20` in it.
            let options = SqliteConnectOptions::from_str(&format!("sqlite:name{parameters}"))?;
            let options = options.filename(path);
            Ok(Self::Sqlite(SqliteFile::new(options, profile)))
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Ok(Self::Postgres(PostgresServer::new(PgConnectOptions::from_str(url)?, profile)))
        } else {
            Err(DatabaseError::UnknownEngine)
        }
    }

    /// The same database with other settings.
    #[must_use]
    pub fn with(&self, profile: &Profile) -> Self {
        match self {
            Self::Postgres(server) => {
                Self::Postgres(PostgresServer::new(server.url.clone(), profile))
            }
            Self::Sqlite(file) => Self::Sqlite(SqliteFile::new(file.url.clone(), profile)),
        }
    }

    /// The file, on the embedded engine.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(file) => Some(file.options.get_filename()),
        }
    }

    /// Opens one connection outside every pool.
    ///
    /// # Errors
    /// When the database cannot be reached, or there is no such file.
    pub async fn connect(&self) -> Result<Link, sqlx::Error> {
        Ok(match self {
            Self::Postgres(server) => ByEngine::Postgres(server.connect().await?),
            Self::Sqlite(file) => ByEngine::Sqlite(file.connect().await?),
        })
    }

    /// Opens a pool.
    ///
    /// # Errors
    /// When the database cannot be reached, or there is no such file; a lazy pool never fails here.
    pub async fn open(&self) -> Result<Pool, sqlx::Error> {
        Ok(match self {
            Self::Postgres(server) => ByEngine::Postgres(server.open().await?),
            Self::Sqlite(file) => ByEngine::Sqlite(file.open().await?),
        })
    }
}

impl PostgresServer {
    fn new(url: PgConnectOptions, profile: &Profile) -> Self {
        // Statements are not logged: a server at debug level must stay usable, and no value may reach
        // a log file.
        let options = url.clone().disable_statement_logging();
        let options = options.application_name(profile.postgres.name);
        let options = match &profile.postgres.search_path {
            Some(path) => options.options([("search_path", path.as_str())]),
            None => options,
        };
        let setup = profile.postgres.statements(profile.lock_wait).into();
        Self { url, options, setup, pool: profile.pool.clone() }
    }

    /// The same server under another name for its connections, as `pg_stat_activity` shows them.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { options: self.options.clone().application_name(name), ..self.clone() }
    }

    /// Opens one connection outside every pool.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.connect_bare().await?;
        self.set_up(&mut connection).await?;
        Ok(connection)
    }

    /// Opens a connection on which no setting but the search path is made yet.
    pub(crate) async fn connect_bare(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options).await
    }

    /// Makes the settings.
    pub(crate) async fn set_up(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        connection.execute(sqlx::raw_sql(&self.setup)).await.map(drop)
    }

    async fn open(&self) -> Result<PgPool, sqlx::Error> {
        let setup = Arc::clone(&self.setup);
        let trusted_rest = self.pool.trusted_rest;
        let pool = pool_options(&self.pool)
            .before_acquire(move |connection: &mut PgConnection, rest| {
                Box::pin(async move {
                    if rest.idle_for > trusted_rest {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection: &mut PgConnection, _| {
                let setup = Arc::clone(&setup);
                Box::pin(async move { connection.execute(sqlx::raw_sql(&setup)).await.map(drop) })
            });
        if self.pool.is_lazy {
            return Ok(pool.connect_lazy_with(self.options.clone()));
        }
        pool.connect_with(self.options.clone()).await
    }
}

impl SqliteFile {
    fn new(url: SqliteConnectOptions, profile: &Profile) -> Self {
        let SqliteProfile { is_owner_only, makes_folder, .. } = profile.sqlite;
        let options = sqlite_options(url.clone(), &profile.sqlite, profile.lock_wait);
        Self { url, options, pool: profile.pool.clone(), is_owner_only, makes_folder }
    }

    /// The same settings for another file.
    #[must_use]
    pub fn at(&self, path: &Path) -> Self {
        let at = |options: &SqliteConnectOptions| options.clone().filename(path);
        Self { url: at(&self.url), options: at(&self.options), ..self.clone() }
    }

    /// Opens one connection outside every pool.
    ///
    /// # Errors
    /// When there is no such file, or it is no database.
    pub async fn connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        SqliteConnection::connect_with(&self.options).await
    }

    pub(crate) fn path(&self) -> &Path {
        self.options.get_filename()
    }

    /// As [`SqliteFile::connect`], making the file if there is none.
    pub(crate) async fn make_and_connect(&self) -> Result<SqliteConnection, sqlx::Error> {
        let path = self.options.get_filename();
        if self.makes_folder
            && let Some(folder) = path.parent().filter(|folder| *folder != Path::new(""))
        {
            std::fs::create_dir_all(folder).map_err(sqlx::Error::Io)?;
        }
        if self.is_owner_only {
            claim(path).map_err(sqlx::Error::Io)?;
        }
        SqliteConnection::connect_with(&self.options.clone().create_if_missing(true)).await
    }

    async fn open(&self) -> Result<SqlitePool, sqlx::Error> {
        let pool = pool_options(&self.pool);
        if self.pool.is_lazy {
            return Ok(pool.connect_lazy_with(self.options.clone()));
        }
        pool.connect_with(self.options.clone()).await
    }
}

fn sqlite_options(
    options: SqliteConnectOptions,
    profile: &SqliteProfile,
    lock_wait: Duration,
) -> SqliteConnectOptions {
    let mut options = options
        .journal_mode(profile.journal_mode)
        .synchronous(profile.synchronous)
        .busy_timeout(lock_wait)
        .disable_statement_logging();
    if let Some(rows) = profile.row_buffer {
        options = options.row_buffer_size(rows);
    }
    for (name, value) in &profile.pragmas {
        options = options.pragma(*name, *value);
    }
    options
}

/// sqlx's own test before each use is off: a file of this machine cannot have gone away, and a server's
/// connection is tried according to how long it rested.
fn pool_options<DB: sqlx::Database>(profile: &PoolProfile) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(profile.max_connections)
        .acquire_timeout(profile.acquire_within)
        .test_before_acquire(false)
}

/// Makes the file before `SQLite` does, readable by its owner alone; its journals take over the mode.
fn claim(path: &Path) -> io::Result<()> {
    match owner_only(OpenOptions::new().write(true).create_new(true)).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
