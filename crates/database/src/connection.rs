//! One connection: borrowed, taken from a pool, or of its own; and one transaction.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Executor, PgConnection, Postgres, Sqlite, SqliteConnection};

use crate::{ByEngine, OnEngine, on_engine};

/// A connection, borrowed for some statements.
pub type Connection<'c> = ByEngine<&'c mut PgConnection, &'c mut SqliteConnection>;

/// A connection taken from a pool, to which it goes back when it is dropped.
pub type Handle = ByEngine<PoolConnection<Postgres>, PoolConnection<Sqlite>>;

/// A connection outside every pool; closed when it is dropped.
pub type Link = ByEngine<PgConnection, SqliteConnection>;

/// A transaction. One that is dropped before its end takes its connection along: see [`Underway`].
pub type Transaction = ByEngine<Underway<Postgres>, Underway<Sqlite>>;

/// A connection of a pool with a transaction on it.
///
/// It goes back to the pool when the answer to its `COMMIT` or `ROLLBACK` was read, and is closed otherwise:
/// after an error, or when whoever waited is cut off. A driver's own rollback is not enough there. Where a
/// `BEGIN` or the end of a `COPY` is cut between the question and its answer, the driver has lost count of its
/// answers, and whoever takes the connection next writes into a transaction that nobody commits, or reads what
/// another has asked. The server rolls back what is left when the connection goes.
#[derive(Debug)]
pub struct Underway<DB: Database>(Option<PoolConnection<DB>>);

impl<DB: Database> Underway<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Begins one by a statement.
    pub(crate) async fn begin(
        handle: PoolConnection<DB>,
        statement: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let mut begun = Self(Some(handle));
        begun.execute(sqlx::raw_sql(statement)).await?;
        Ok(begun)
    }

    async fn end(mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        self.execute(sqlx::raw_sql(statement)).await?;
        drop(self.0.take());
        Ok(())
    }
}

impl<DB: Database> Deref for Underway<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        self.0.as_deref().expect("it is taken by the end alone")
    }
}

impl<DB: Database> DerefMut for Underway<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.0.as_deref_mut().expect("it is taken by the end alone")
    }
}

impl<DB: Database> Drop for Underway<DB> {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            drop(handle.detach());
        }
    }
}

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
            Self::Postgres(transaction) => transaction.end("COMMIT").await,
            Self::Sqlite(transaction) => transaction.end("COMMIT").await,
        }
    }

    /// Ends it without a trace.
    ///
    /// # Errors
    /// When the database has gone: nothing of it is there then either.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(transaction) => transaction.end("ROLLBACK").await,
            Self::Sqlite(transaction) => transaction.end("ROLLBACK").await,
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
