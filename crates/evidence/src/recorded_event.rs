//! An event as it is recorded: its stream, its place, and the exact texts that are hashed.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use crate::leaf::{LeafEntry, UnfitField, sha256};

/// The name of one stream: the kind of aggregate and its id. Shown as `type/uuid`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// The kind of aggregate, as in the `aggregate_type` column.
    pub aggregate_type: Cow<'static, str>,
    /// The aggregate's id; stored as hyphenated lower-case text.
    pub aggregate_id: Uuid,
}

impl StreamId {
    /// Names the stream of one aggregate.
    #[must_use]
    pub fn new(aggregate_type: impl Into<Cow<'static, str>>, aggregate_id: Uuid) -> Self {
        Self { aggregate_type: aggregate_type.into(), aggregate_id }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

/// One event as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the whole journal, from 1, without gaps.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in its stream, from 1, without gaps.
    pub sequence: Sequence,
    /// The event's name.
    pub event_type: String,
    /// The version of the event's form.
    pub event_version: String,
    /// The exact JSON text that was recorded.
    pub payload: String,
    /// The exact JSON text that was recorded.
    pub metadata: String,
    /// When it was recorded, UTC, whole microseconds.
    pub recorded_at: DateTime<Utc>,
    /// The hash stored with it; [`RecordedEvent::computed_leaf`] says what it ought to be.
    pub leaf_hash: [u8; 32],
}

impl RecordedEvent {
    /// The leaf hash that these contents have in `journal`.
    ///
    /// # Errors
    /// [`UnfitField`](UnfitField) when a field holds what no entry may hold.
    pub fn computed_leaf(&self, journal: &str) -> Result<[u8; 32], UnfitField> {
        self.with_entry(journal, |entry| entry.hash())
    }

    /// The canonical entry that these contents have in `journal`: what the leaf hash is taken over.
    ///
    /// # Errors
    /// [`UnfitField`](UnfitField) when a field holds what no entry may hold.
    pub fn entry_text(&self, journal: &str) -> Result<String, UnfitField> {
        self.with_entry(journal, |entry| entry.text())
    }

    fn with_entry<T>(&self, journal: &str, then: impl FnOnce(LeafEntry<'_>) -> T) -> T {
        let (payload, metadata) =
            (sha256(self.payload.as_bytes()), sha256(self.metadata.as_bytes()));
        then(LeafEntry {
            journal,
            position: self.position,
            stream: &self.stream,
            sequence: self.sequence,
            event_type: &self.event_type,
            event_version: &self.event_version,
            recorded_at: self.recorded_at,
            payload_hash: &payload,
            metadata_hash: &metadata,
        })
    }
}
