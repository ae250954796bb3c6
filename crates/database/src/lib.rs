//! Either engine, once: everything in which `PostgreSQL` and `SQLite` differ below the statements.
//!
//! A store names its database by a URL and says in a [`Profile`] how each connection to it is set up;
//! it gets a [`Database`], brings its [`Schema`] up to date, and opens a [`Pool`]. The dialects agree on
//! `$1`, `ON CONFLICT` and `RETURNING`, so that most statements are written once and run by
//! [`on_engine!`] on whatever there is: a pool, a connection, a handle taken from a pool, a
//! transaction. Where they differ, the two variants of [`ByEngine`] are matched.
//!
//! What a store keeps, and why its settings are as they are, is that store's business.

mod by_engine;
mod connection;
mod database;
mod error;
mod lease;
mod number;
mod pool;
mod profile;
mod schema;
mod turn;

pub use by_engine::{ByEngine, Engine, OnEngine};
pub use connection::{Connection, Handle, Link, Transaction, Underway};
pub use database::{Database, PostgresServer, SqliteFile, sqlite_path};
pub use error::DatabaseError;
pub use lease::{Lease, LeaseRow};
pub use number::{OutOfRange, bound, number, signed, unsigned};
pub use pool::Pool;
pub use profile::{
    Durability, PoolProfile, PostgresProfile, Profile, SqliteJournalMode, SqliteProfile,
    SqliteSynchronous,
};
pub use schema::Schema;
pub use turn::WriteTurn;
