//! Events between the two forms: as the journal has them, and as `cqrs-es` serialises them.

use cqrs_es::persist::{EventUpcaster, PersistenceError, SerializedEvent};
use cqrs_es::{Aggregate, EventEnvelope};
use sira_numbers::Sequence;
use uuid::Uuid;

use crate::{NewEvent, RecordedEvent, StreamId};

/// An aggregate's id that leads to no stream.
#[derive(Debug, thiserror::Error)]
#[error("the journal's streams have UUIDs, not `{0}`")]
struct NotAnId(String);

/// An event that does not follow the one before it.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} of {aggregate_type}/{aggregate_id} does not follow the one before it")]
pub(super) struct OutOfTurn {
    aggregate_type: String,
    aggregate_id: String,
    sequence: usize,
}

impl OutOfTurn {
    pub(super) fn of(event: &SerializedEvent) -> PersistenceError {
        PersistenceError::UnknownError(Box::new(Self {
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            sequence: event.sequence,
        }))
    }
}

/// The stream of an aggregate.
pub(super) fn stream_of<A: Aggregate>(aggregate_id: &str) -> Result<StreamId, PersistenceError> {
    let not_an_id = |_| PersistenceError::UnknownError(Box::new(NotAnId(aggregate_id.to_owned())));
    Ok(StreamId::new(A::TYPE, Uuid::try_parse(aggregate_id).map_err(not_an_id)?))
}

/// A recorded event as `cqrs-es` has it.
pub(super) fn serialized(recorded: RecordedEvent) -> Result<SerializedEvent, PersistenceError> {
    Ok(SerializedEvent::new(
        recorded.stream.aggregate_id.to_string(),
        sequence(recorded.sequence)?,
        recorded.stream.aggregate_type.into_owned(),
        recorded.event_type,
        recorded.event_version,
        serde_json::from_str(&recorded.payload)?,
        serde_json::from_str(&recorded.metadata)?,
    ))
}

/// A serialised event as it is recorded. What `cqrs-es` hands over was parsed already: the text is made
/// here, once, and is what is hashed and stored.
pub(super) fn new_event(event: &SerializedEvent) -> NewEvent {
    NewEvent {
        event_type: event.event_type.clone().into(),
        event_version: event.event_version.clone().into(),
        payload: event.payload.to_string(),
        metadata: event.metadata.to_string(),
    }
}

/// A recorded event as an aggregate takes it, through the upcasters that apply to it.
pub(super) fn envelope<A: Aggregate>(
    recorded: RecordedEvent,
    upcasters: &[Box<dyn EventUpcaster>],
) -> Result<EventEnvelope<A>, PersistenceError> {
    let upcasted = upcasters.iter().fold(serialized(recorded)?, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    });
    upcasted.try_into()
}

/// A sequence as `cqrs-es` counts it.
pub(super) fn sequence(number: Sequence) -> Result<usize, PersistenceError> {
    usize::try_from(number.get()).map_err(|error| PersistenceError::UnknownError(Box::new(error)))
}
