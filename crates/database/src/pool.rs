//! A pool of connections.

use sqlx::{Executor, PgPool, SqlitePool};

use crate::connection::Underway;
use crate::{ByEngine, Handle, OnEngine, Transaction, on_engine};

/// Connections to one database. Cheap to clone.
pub type Pool = ByEngine<PgPool, SqlitePool>;

/// Fixes one moment for as long as the transaction lasts, at its first statement that reads.
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Pool {
    /// Takes a connection.
    ///
    /// # Errors
    /// When none is to be had in the time that the profile gives.
    pub async fn acquire(&self) -> Result<Handle, sqlx::Error> {
        Ok(match self {
            Self::Postgres(pool) => ByEngine::Postgres(pool.acquire().await?),
            Self::Sqlite(pool) => ByEngine::Sqlite(pool.acquire().await?),
        })
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            Self::Postgres(pool) => {
                ByEngine::Postgres(Underway::begin(pool.acquire().await?, "BEGIN").await?)
            }
            Self::Sqlite(pool) => {
                ByEngine::Sqlite(Underway::begin(pool.acquire().await?, "BEGIN").await?)
            }
        })
    }

    /// Begins a transaction that sees one moment for as long as it lasts, whatever is written meanwhile,
    /// and writes nothing. On `PostgreSQL` `first` is run before that moment is fixed, which is at the
    /// first statement that reads: a lock taken there holds for what is then seen.
    ///
    /// It holds up nobody, but while it lasts `PostgreSQL` keeps dead rows and `SQLite` lets its
    /// write-ahead log grow.
    ///
    /// # Errors
    /// When no connection is to be had, or one of the statements fails.
    pub async fn snapshot(&self, first: &[&str]) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            Self::Postgres(pool) => {
                let handle = pool.acquire().await?;
                let mut transaction = Underway::begin(handle, BEGIN_SNAPSHOT).await?;
                for statement in first {
                    transaction.execute(sqlx::raw_sql(statement)).await?;
                }
                ByEngine::Postgres(transaction)
            }
            Self::Sqlite(pool) => {
                ByEngine::Sqlite(Underway::begin(pool.acquire().await?, "BEGIN").await?)
            }
        })
    }

    /// Empties the write-ahead log of an embedded database into its file, and cuts it to nothing; false
    /// when somebody who reads or writes holds it up. On a server there is nothing to do from here.
    ///
    /// # Errors
    /// When no connection is to be had, or the file cannot be written.
    pub async fn truncate_log(&self) -> Result<bool, sqlx::Error> {
        let Self::Sqlite(pool) = self else { return Ok(true) };
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await?;
        Ok(busy == 0)
    }

    /// Closes every connection, waiting for those that are in use. Calls that come later fail.
    pub async fn close(&self) {
        on_engine!(self, pool => pool.close().await);
    }
}

impl<'p> OnEngine for &'p Pool {
    type Postgres = &'p PgPool;
    type Sqlite = &'p SqlitePool;

    fn on_engine(self) -> ByEngine<&'p PgPool, &'p SqlitePool> {
        match self {
            ByEngine::Postgres(pool) => ByEngine::Postgres(pool),
            ByEngine::Sqlite(pool) => ByEngine::Sqlite(pool),
        }
    }
}
