//! From rows to values: what both engines' columns hold, read once.

use sira_database::number;
use sira_numbers::Version;
use uuid::Uuid;

use crate::JournalError;
use crate::append::admit::{KeyName, KnownKey};
use crate::stamp::Stamp;
use crate::types::StoredAnswer;
use crate::{RecordedEvent, StreamId};

/// Leaf hashes between two positions, both included.
pub(crate) const SELECT_LEAVES: &str =
    "SELECT leaf_hash FROM events WHERE position BETWEEN $1 AND $2 ORDER BY position";

/// A row of `requests`.
pub(crate) type KeyColumns = (String, String, Vec<u8>, String, i64, i64, Stamp);

/// A row of `events`; the texts cast to text, which keeps them byte for byte on either engine.
pub type EventColumns = (i64, String, String, i64, String, String, String, String, Stamp, Vec<u8>);

/// The columns of [`EventColumns`], ready for a FROM clause.
macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, ",
            "CAST(payload AS text), CAST(metadata AS text), recorded_at, leaf_hash FROM events ",
            $rest
        )
    };
}
pub(crate) use select_events;

/// Every event, in order.
pub const SELECT_IN_ORDER: &str = select_events!("ORDER BY position");

/// The events of one stream after a version.
pub(crate) const SELECT_EVENTS_AFTER: &str = select_events!(
    "WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 ORDER BY sequence"
);

/// Reads a row of stream and version.
pub(crate) fn version_row(row: (String, String, i64)) -> Result<(StreamId, Version), sqlx::Error> {
    let (aggregate_type, id, version) = row;
    let id = Uuid::parse_str(&id).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok((StreamId::new(aggregate_type, id), number(version)?))
}

/// Reads a row of `requests`.
pub(crate) fn key_row(row: KeyColumns) -> Result<(KeyName, KnownKey), sqlx::Error> {
    let (actor, key, body_hash, answer, position, version, Stamp(recorded_at)) = row;
    let body_hash = body_hash
        .try_into()
        .map_err(|_| sqlx::Error::Decode("requests.body_hash is not 32 bytes".into()))?;
    let (position, version) = (number(position)?, number(version)?);
    let answer = StoredAnswer { answer, position, version, recorded_at };
    Ok(((actor, key), KnownKey { body_hash, answer }))
}

/// Reads a row of `events`.
///
/// # Errors
/// [`JournalError::Inconsistent`] for a row that is none of ours.
pub fn event_row(row: EventColumns) -> Result<RecordedEvent, JournalError> {
    let (
        position,
        aggregate_type,
        id,
        sequence,
        event_type,
        event_version,
        payload,
        metadata,
        Stamp(recorded_at),
        leaf,
    ) = row;
    let broken = |problem: &str| JournalError::Inconsistent {
        table: "events",
        id: position.to_string(),
        problem: problem.to_owned(),
    };
    let stream = stream_id(&position, aggregate_type, &id)?;
    let leaf_hash = leaf.try_into().map_err(|_| broken("leaf_hash is not 32 bytes"))?;
    Ok(RecordedEvent {
        position: number(position).map_err(|_| broken("position is below zero"))?,
        stream,
        sequence: number(sequence).map_err(|_| broken("sequence is below zero"))?,
        event_type,
        event_version,
        payload,
        metadata,
        recorded_at,
        leaf_hash,
    })
}

/// Sees that each stream's events follow one another, without a hole and without one that is there twice. `before`
/// is the stream that the first of them goes on with, and the version up to which it was read; any other stream
/// begins at its first event.
pub(crate) fn check_order<'a>(
    mut before: Option<(&'a StreamId, Version)>,
    events: &'a [RecordedEvent],
) -> Result<(), JournalError> {
    for event in events {
        let last = before.filter(|(stream, _)| **stream == event.stream);
        let last = last.map_or(Version::ZERO, |(_, version)| version);
        if event.sequence != last.next_sequence() {
            let (sequence, stream) = (event.sequence, event.stream.to_string());
            let problem = format!("number {sequence} is read after number {last}");
            return Err(JournalError::Inconsistent { table: "events", id: stream, problem });
        }
        before = Some((&event.stream, Version::of(event.sequence)));
    }
    Ok(())
}

/// That a stream is read only so far, and was seen to be further.
pub(crate) fn is_below(stream: &StreamId, read: Version, seen: Version) -> JournalError {
    let problem = format!(
        "{read} events are read, and {seen} were seen: an index is damaged, or events are gone"
    );
    JournalError::Inconsistent { table: "events", id: stream.to_string(), problem }
}

/// Reads a stream's name; `row` says where it stands.
pub(crate) fn stream_id(
    row: &dyn ToString,
    aggregate_type: String,
    id: &str,
) -> Result<StreamId, JournalError> {
    let id = Uuid::parse_str(id).map_err(|_| JournalError::Inconsistent {
        table: "events",
        id: row.to_string(),
        problem: "aggregate_id is not a UUID".to_owned(),
    })?;
    Ok(StreamId::new(aggregate_type, id))
}
