//! One connection: borrowed, taken from a pool, or of its own; and one transaction.

use sqlx::pool::PoolConnection;
use sqlx::{Executor, PgConnection, Postgres, Sqlite, SqliteConnection};

use crate::{ByEngine, OnEngine, on_engine};

/// A connection, borrowed for some statements.
pub type Connection<'c> = ByEngine<&'c mut PgConnection, &'c mut SqliteConnection>;

/// A connection taken from a pool, to which it goes back when it is dropped.
pub type Handle = ByEngine<PoolConnection<Postgres>, PoolConnection<Sqlite>>;

/// A connection outside every pool; closed when it is dropped.
pub type Link = ByEngine<PgConnection, SqliteConnection>;

/// A transaction; rolled back when it is dropped.
pub type Transaction =
    ByEngine<sqlx::Transaction<'static, Postgres>, sqlx::Transaction<'static, Sqlite>>;

impl Connection<'_> {
    /// The same connection, for one statement more.
    #[must_use]
    pub fn again(&mut self) -> Connection<'_> {
        match self {
            Self::Postgres(db) => ByEngine::Postgres(db),
            Self::Sqlite(db) => ByEngine::Sqlite(db),
        }
    }

    /// Runs statements that take nothing and give nothing.
    ///
    /// # Errors
    /// When one of them fails; those after it were not run.
    pub async fn run(self, statements: &str) -> Result<(), sqlx::Error> {
        on_engine!(self, db => db.execute(sqlx::raw_sql(statements)).await.map(drop))
    }
}

impl Handle {
    /// The connection.
    #[must_use]
    pub fn connection(&mut self) -> Connection<'_> {
        self.on_engine()
    }
}

impl Link {
    /// The connection.
    #[must_use]
    pub fn connection(&mut self) -> Connection<'_> {
        self.on_engine()
    }

    /// Ends the connection in good order.
    ///
    /// # Errors
    /// When the database had gone already.
    pub async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(db) => sqlx::Connection::close(db).await,
            Self::Sqlite(db) => sqlx::Connection::close(db).await,
        }
    }
}

impl Transaction {
    /// The connection.
    #[must_use]
    pub fn connection(&mut self) -> Connection<'_> {
        self.on_engine()
    }

    /// Everything that was written in it becomes visible at once, and as durable as the database's
    /// profile has it.
    ///
    /// # Errors
    /// When the commit was refused or broke off: it may have been made all the same.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await,
            Self::Sqlite(transaction) => transaction.commit().await,
        }
    }

    /// Ends it without a trace.
    ///
    /// # Errors
    /// When the database has gone: nothing of it is there then either.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.rollback().await,
            Self::Sqlite(transaction) => transaction.rollback().await,
        }
    }
}

impl<'c> OnEngine for Connection<'c> {
    type Postgres = &'c mut PgConnection;
    type Sqlite = &'c mut SqliteConnection;

    fn on_engine(self) -> Connection<'c> {
        self
    }
}

impl<'c> OnEngine for &'c mut Connection<'_> {
    type Postgres = &'c mut PgConnection;
    type Sqlite = &'c mut SqliteConnection;

    fn on_engine(self) -> Connection<'c> {
        self.again()
    }
}

/// What owns a connection gives it by reference.
macro_rules! owns_a_connection {
    ($($owner:ty),*) => { $(
        impl<'c> OnEngine for &'c mut $owner {
            type Postgres = &'c mut PgConnection;
            type Sqlite = &'c mut SqliteConnection;

            fn on_engine(self) -> Connection<'c> {
                match self {
                    ByEngine::Postgres(db) => ByEngine::Postgres(db),
                    ByEngine::Sqlite(db) => ByEngine::Sqlite(db),
                }
            }
        }
    )* };
}

owns_a_connection!(Handle, Link, Transaction);
