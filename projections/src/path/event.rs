//! An event of a path as its fold keeps it.

use chrono::{DateTime, Utc};
use sira_domain::path::BeneficiaryEvent;
use sira_numbers::Position;

/// An event of the path, with where and when it was recorded.
#[derive(Clone, Debug)]
pub struct PathEvent {
    /// Its position in the journal.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The event.
    pub event: BeneficiaryEvent,
}
