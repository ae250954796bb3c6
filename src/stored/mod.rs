//! Events as they were written, read back in the present form of their types.
//!
//! Whoever asks what an event *says* asks here: the commands, the projections' feed, histories, exports
//! for process mining and the audit of decisions. Whoever asks how it is *written* takes its bytes as they
//! are: proofs, backups and the feed of `GET /v1/events`; and the second reader has the upcasters applied
//! by stock `cqrs-es`, since it must not share this. Nothing here decides or writes.

mod names;

use cqrs_es::persist::SerializedEvent;
pub use names::{NAMING, second_name};
use serde::de::DeserializeOwned;
pub use sira_domain::names::seal_context;
use sira_domain::upcast::{UPCASTERS, is_outdated};
use sira_numbers::{Sequence, at_most};

use crate::journal::{RecordedEvent, StreamId};

/// A stored event that cannot be read as the present form of its type.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} of {stream} cannot be read")]
pub struct Unreadable {
    /// The stream that it stands in.
    pub stream: StreamId,
    /// Its sequence there.
    pub sequence: Sequence,
    /// The fault that serde found.
    #[source]
    pub source: serde_json::Error,
}

/// Reads a stored event as the present form of its type.
///
/// # Errors
/// [`Unreadable`].
pub fn read_event<E: DeserializeOwned>(recorded: &RecordedEvent) -> Result<E, Unreadable> {
    let unreadable = |source| Unreadable {
        stream: recorded.stream.clone(),
        sequence: recorded.sequence,
        source,
    };
    if !is_outdated(&recorded.event_type, &recorded.event_version) {
        return serde_json::from_str(&recorded.payload).map_err(unreadable);
    }
    let payload = serde_json::from_str(&recorded.payload).map_err(unreadable)?;
    serde_json::from_value(upcast(recorded, payload)).map_err(unreadable)
}

/// The payload of a stored event in the present form of its type; none when it is in that form
/// already, or is no JSON.
#[must_use]
pub fn present_payload(recorded: &RecordedEvent) -> Option<String> {
    if !is_outdated(&recorded.event_type, &recorded.event_version) {
        return None;
    }
    let payload = serde_json::from_str(&recorded.payload).ok()?;
    Some(upcast(recorded, payload).to_string())
}

fn upcast(recorded: &RecordedEvent, payload: serde_json::Value) -> serde_json::Value {
    let first = SerializedEvent::new(
        recorded.stream.aggregate_id.to_string(),
        at_most(recorded.sequence.get(), usize::MAX),
        recorded.stream.aggregate_type.to_string(),
        recorded.event_type.clone(),
        recorded.event_version.clone(),
        payload,
        serde_json::Value::Null,
    );
    let upcasted = UPCASTERS.iter().fold(first, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    });
    upcasted.payload
}
