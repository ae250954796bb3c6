//! Why an export did not come about.

use sira_numbers::Position;
use sira_projections::ReadError;

use crate::formats::FormatError;
use crate::journal::JournalError;

/// Why an export did not come about. Nothing was left at its destination.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The projection has never been built here.
    #[error("projection {projection} is not built yet")]
    NotBuilt {
        /// The projection.
        projection: &'static str,
    },
    /// A position was asked for that is not reached yet.
    #[error("position {asked} is not reached yet: {reached} is the last")]
    Ahead {
        /// What was asked for.
        asked: Position,
        /// What is there.
        reached: Position,
    },
    /// A past position was asked of a table that keeps the present alone.
    #[error("table {table} keeps only what is known now, at position {position}")]
    OnlyNow {
        /// The table.
        table: &'static str,
        /// Where it stands.
        position: Position,
    },
    /// The journal has a gap, or an event that is none of ours.
    #[error("the event after position {position} is missing or damaged")]
    Damaged {
        /// The last position that was right.
        position: Position,
    },
    /// The file could not be written.
    #[error("the file could not be written")]
    Format(#[from] FormatError),
    /// The output failed.
    #[error("the output failed")]
    Output(#[from] std::io::Error),
    /// The read database failed.
    #[error("the read database failed")]
    Read(#[from] ReadError),
    /// The journal failed.
    #[error("the journal failed")]
    Journal(#[from] JournalError),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Read(error.into())
    }
}
