//! What can go wrong with a journal.

use std::io;
use std::sync::Arc;

use sira_evidence::leaf::UnfitField;
use sira_numbers::Position;

use crate::halt::Halt;

/// Why the journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Too many requests wait already. Nothing was recorded; try again in a moment.
    #[error("the journal has too many requests waiting")]
    Busy,
    /// The journal was closed. Nothing was recorded.
    #[error("the journal is closed")]
    Closed,
    /// The database went away while it committed and did not come back in time: the request may or
    /// may not be recorded. A retry with the same idempotency key is safe.
    #[error("the database went away during the commit; whether it was made is not known")]
    InDoubt,
    /// The request breaks a limit of the journal. Nothing was recorded.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which part of the request.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The URL is of no engine that Sira knows.
    #[error("a journal's URL starts with `sqlite:` or `postgres:`")]
    UnknownEngine,
    /// The schema was made or changed by something else than this program's migrations.
    #[error("the schema is not known: found {found}, this program expects {expected}")]
    SchemaUnknown {
        /// What the database holds.
        found: String,
        /// What this program's migrations would have made.
        expected: String,
    },
    /// The schema is older than this program, or not there at all.
    #[error("the schema is behind: found {found}, this program expects {expected}")]
    SchemaBehind {
        /// What the database holds.
        found: String,
        /// What this program's migrations would make.
        expected: String,
    },
    /// The database holds a journal with another id.
    #[error("this database holds journal `{found}`, not `{expected}`")]
    OtherJournal {
        /// The id in the database.
        found: String,
        /// The id in the configuration.
        expected: String,
    },
    /// A row contradicts what the journal always keeps true. Somebody else has written to it, or a
    /// backup was restored under a running process.
    #[error("{table} {id}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// An event was recorded and cannot be read yet: its commit becomes visible in pieces, or hangs. Nothing is
    /// answered that might leave it out; try again in a moment.
    #[error("event {position} was recorded and cannot be read yet")]
    Unreadable {
        /// Its position.
        position: Position,
    },
    /// Nothing is recorded by this process until somebody has acted. Reading goes on.
    #[error("the journal is halted: {0}")]
    Halted(#[source] Halt),
    /// The schema could not be brought up to date, since a session does not end. Nothing was changed.
    #[error("the migration waits for a session that does not end: {by}")]
    Held {
        /// Who, as the server's list of sessions names them.
        by: String,
    },
    /// The database refused or went away before the commit. Nothing was recorded.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// A migration failed.
    #[error("the migration failed")]
    Migration(#[source] sqlx::migrate::MigrateError),
}

impl JournalError {
    /// The same error for each of several callers: one broken batch, or one failed read, is answered
    /// to all who were in it. A database error is shared as the source of what each one gets.
    pub(crate) fn for_each(self, callers: usize) -> Vec<Self> {
        let again: Box<dyn Fn() -> Self> = match self {
            only if callers == 1 => return vec![only],
            Self::Busy => Box::new(|| Self::Busy),
            Self::Closed => Box::new(|| Self::Closed),
            Self::InDoubt => Box::new(|| Self::InDoubt),
            Self::Invalid { field, problem } => Box::new(move || Self::Invalid { field, problem }),
            Self::Inconsistent { table, id, problem } => Box::new(move || Self::Inconsistent {
                table,
                id: id.clone(),
                problem: problem.clone(),
            }),
            Self::Unreadable { position } => Box::new(move || Self::Unreadable { position }),
            Self::Halted(why) => Box::new(move || Self::Halted(why.clone())),
            Self::Database(error) => shared(error),
            // Errors of opening, which has one caller.
            other => shared(sqlx::Error::Protocol(other.to_string())),
        };
        (0..callers).map(|_| again()).collect()
    }
}

fn shared(error: sqlx::Error) -> Box<dyn Fn() -> JournalError> {
    let error = Arc::new(error);
    Box::new(move || JournalError::Database(sqlx::Error::Io(io::Error::other(Arc::clone(&error)))))
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<UnfitField> for JournalError {
    fn from(unfit: UnfitField) -> Self {
        Self::Invalid { field: unfit.field, problem: "holds a control character" }
    }
}
