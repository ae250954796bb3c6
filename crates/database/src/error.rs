//! Why a database could not be opened or brought up to date.

use sqlx::migrate::MigrateError;

/// Why a database could not be opened or brought up to date. Each store says it in words of its own.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The URL is of no engine that Sira knows.
    #[error("a database's URL starts with `sqlite:`, `postgres:` or `postgresql:`")]
    UnknownEngine,
    /// The schema was made or changed by something else than this program's migrations.
    #[error("migration {version} is not known to this program as it stands in the database")]
    UnknownSchema {
        /// The first migration that this program does not have, or has otherwise.
        version: i64,
    },
    /// The schema is older than this program, or not there at all.
    #[error("the schema ends with migration {found:?}, this program expects {expected}")]
    SchemaBehind {
        /// The last migration that was applied; none when none was.
        found: Option<i64>,
        /// The last migration of this program.
        expected: i64,
    },
    /// The connection does not reach the schema that was asked for: a pooler in between drops the
    /// search path.
    #[error("the connection does not work in schema `{schema}`; is there a pooler in between?")]
    WrongSchema {
        /// The schema.
        schema: &'static str,
    },
    /// A migration waited in vain for a lock: another process migrates, or somebody uses a table that has
    /// to change. Nothing was done; once that session has ended, it can be run again.
    #[error("the migration waits for a session that does not end: {by}")]
    Held {
        /// Who, as the server's list of sessions names them.
        by: String,
    },
    /// The database refused or went away.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("the migration failed")]
    Migration(#[source] MigrateError),
}

impl From<MigrateError> for DatabaseError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) => {
                Self::UnknownSchema { version }
            }
            other => Self::Migration(other),
        }
    }
}
