//! What is told of a rebuild, and how much of it is under way at a time.

use serde::{Deserialize, Serialize};
use sira_numbers::Position;

use crate::families::StreamFamily;
use crate::models::Model;

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RebuildProgress {
    /// Events taken.
    pub done: u64,
    /// Events to take.
    pub total: u64,
}

/// An event that some models could not take in a rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub(crate) family: StreamFamily,
    /// Its position.
    pub position: Position,
    pub(super) cause: String,
}

impl Failure {
    /// Whether a model is folded from such events.
    #[must_use]
    pub fn hits(&self, model: &Model) -> bool {
        model.families.contains(&self.family)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "position {}: {}", self.position, self.cause)
    }
}

/// How much of a rebuild is under way at a time, which bounds its memory: three lots of rows, two pages of events and
/// one a core, and the longest stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lots {
    /// Rows gathered before they are written, in one transaction.
    pub rows: usize,
    /// Events of one reading.
    pub page: u32,
}

impl Default for Lots {
    /// Some 100 MB.
    fn default() -> Self {
        Self { rows: 25_000, page: 5_000 }
    }
}
