//! Exports: read models and the event log as files, for those who work with their own tools.
//!
//! [`tables`] reads a read model in one snapshot, [`events`] the journal up to one position, and
//! [`mining`] the paths for process mining; each says which position it shows. [`Destination`] is where
//! a file goes: it is there whole or not at all. How a sheet is written is [`crate::formats`]' business,
//! and who may ask is the caller's: nothing here checks a token.

mod destination;
mod dictionary;
mod error;
pub mod events;
pub mod mining;
pub(crate) mod rows;
mod staff;
pub mod tables;

pub use destination::{Destination, OpenedDestination};
pub use dictionary::data_dictionary;
pub use error::ExportError;
pub use staff::StaffNames;

use chrono::{DateTime, Utc};
use sira_numbers::Position;

use crate::journal::{Journal, JournalError};

/// What an export wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Rows or events.
    pub rows: u64,
    /// Every event up to here is in it, and none after it.
    pub position: Position,
    /// When the event at that position was recorded.
    pub as_of: DateTime<Utc>,
}

/// Told from time to time how much is done of how much.
pub type ExportProgress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// The position that an export goes up to, and when it was reached: the journal's last, or an earlier
/// one that was asked for.
async fn reach(
    journal: &Journal,
    asked: Option<Position>,
) -> Result<(Position, DateTime<Utc>), ExportError> {
    let reached = journal.wholly_readable().await?;
    match asked {
        Some(asked) if asked > reached => Err(ExportError::Ahead { asked, reached }),
        asked => {
            let position = asked.unwrap_or(reached);
            Ok((position, time_of(journal, position).await?))
        }
    }
}

/// When the event at a position was recorded; 1970 before the first.
async fn time_of(journal: &Journal, position: Position) -> Result<DateTime<Utc>, JournalError> {
    if position == Position::START {
        return Ok(DateTime::UNIX_EPOCH);
    }
    let event = journal.read_feed(position.before(), 1).await?;
    Ok(event.first().map_or(DateTime::UNIX_EPOCH, |event| event.recorded_at))
}
