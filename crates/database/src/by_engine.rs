//! One of two things, according to the engine, and the macro that runs one statement on either.

use std::fmt;

/// Which engine a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A `PostgreSQL` server.
    Postgres,
    /// `SQLite`, embedded: a file of this machine.
    Sqlite,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}

impl Engine {
    /// The SQL expression for the database's clock, in whole milliseconds since 1970: the one clock on
    /// which processes of several machines agree.
    #[must_use]
    pub const fn now_ms(self) -> &'static str {
        match self {
            Self::Postgres => "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
        }
    }
}

/// What is one type on `PostgreSQL` and another on `SQLite`.
#[derive(Clone, Copy, Debug)]
pub enum ByEngine<P, S> {
    /// On `PostgreSQL`.
    Postgres(P),
    /// On the embedded engine.
    Sqlite(S),
}

impl<P, S> ByEngine<P, S> {
    /// Which engine it is of.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Whether it is of `PostgreSQL`.
    #[must_use]
    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// What statements can be run on, whichever engine it is of: what [`on_engine!`](crate::on_engine)
/// takes.
pub trait OnEngine {
    /// What sqlx takes as an executor on `PostgreSQL`.
    type Postgres;
    /// What sqlx takes as an executor on `SQLite`.
    type Sqlite;

    /// The executor of the engine that it is of.
    fn on_engine(self) -> ByEngine<Self::Postgres, Self::Sqlite>;
}

/// Runs the same expression on a pool (`&Pool`), a connection (`Connection` or `&mut Connection`), a
/// handle (`&mut Handle`), a link (`&mut Link`) or a transaction (`&mut Transaction`) of whichever
/// engine. The expression sees sqlx's own pool or connection under the name given.
///
/// ```
/// # async fn value(pool: &sira_database::Pool, name: &str) -> Result<Option<String>, sqlx::Error> {
/// use sira_database::on_engine;
///
/// on_engine!(pool, db => {
///     sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
///         .bind(name)
///         .fetch_optional(db)
///         .await
/// })
/// # }
/// ```
#[macro_export]
macro_rules! on_engine {
    ($on:expr, $db:ident => $run:expr) => {
        match $crate::OnEngine::on_engine($on) {
            $crate::ByEngine::Postgres($db) => $run,
            $crate::ByEngine::Sqlite($db) => $run,
        }
    };
}
