//! How the connections of a store are set up. Each store gives its own, with the reason of each setting.

use std::fmt::Write as _;
use std::time::Duration;

pub use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

/// The settings of every connection to one database.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How long a statement waits for a lock that another connection holds before it fails.
    pub lock_wait: Duration,
    /// The pool, where one is opened.
    pub pool: PoolProfile,
    /// What holds on the embedded engine.
    pub sqlite: SqliteProfile,
    /// What holds on `PostgreSQL`.
    pub postgres: PostgresProfile,
}

/// The settings of a pool.
#[derive(Clone, Debug)]
pub struct PoolProfile {
    /// Connections at most.
    pub max_connections: u32,
    /// How long a call waits for a connection before it fails.
    pub acquire_within: Duration,
    /// A connection to a server that rested longer than this is tried before it is given out: the
    /// server may have been started anew meanwhile. Zero tries each, at the price of a round trip.
    pub trusted_rest: Duration,
    /// Whether the first connection is opened only when it is asked for.
    pub is_lazy: bool,
}

/// The settings of a connection to a file.
#[derive(Clone, Debug)]
pub struct SqliteProfile {
    /// Where a transaction lies until it is in the file.
    pub journal_mode: SqliteJournalMode,
    /// What a commit waits for.
    pub synchronous: SqliteSynchronous,
    /// Rows that cross at once from the thread that reads the file; none leaves it to sqlx.
    pub row_buffer: Option<usize>,
    /// Further settings: name and value.
    pub pragmas: Vec<(&'static str, &'static str)>,
    /// Whether a new file, with its journals, is made readable by its owner alone.
    pub is_owner_only: bool,
    /// Whether the folder of a new file is made.
    pub makes_folder: bool,
}

/// The settings of a connection to a server.
#[derive(Clone, Debug)]
pub struct PostgresProfile {
    /// What the connections are called in `pg_stat_activity` (`application_name`), so that an administrator sees
    /// which part of which program holds one. `docs/operations.md` lists them.
    pub name: &'static str,
    /// The schemas in which names are looked for; none leaves it to the server.
    pub search_path: Option<String>,
    /// What a commit waits for.
    pub durability: Durability,
    /// Further settings: name and value, as `SET` takes them.
    pub settings: Vec<(&'static str, String)>,
}

/// What a commit waits for on `PostgreSQL` (`synchronous_commit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// For the disk, at least: what the server is set to when that is stricter, and never `off`, which
    /// would acknowledge what a crash of the server loses.
    OnDisk,
    /// For nothing: a crash of the server may lose the last commits, each whole.
    Relaxed,
}

impl PostgresProfile {
    /// The statements that set a new connection up, for one message.
    ///
    /// Every statement here reads by an index and ends in milliseconds: compiling one (`jit`) or starting further
    /// processes for it takes longer than that, and would be done on an estimate alone.
    pub(crate) fn statements(&self, lock_wait: Duration) -> String {
        let mut statements = format!(
            "SET lock_timeout = {}; SET jit = off; SET max_parallel_workers_per_gather = 0;",
            lock_wait.as_millis()
        );
        for (name, value) in &self.settings {
            // Writing to a String cannot fail.
            let _ = write!(statements, " SET {name} = {value};");
        }
        statements.push_str(match self.durability {
            Durability::OnDisk => {
                " SELECT set_config('synchronous_commit', 'on', false) \
                   WHERE current_setting('synchronous_commit') = 'off'"
            }
            Durability::Relaxed => " SET synchronous_commit = off",
        });
        statements
    }
}
