//! What a request must be before it may wait for the writer. Done in the caller's task, together with
//! the hashing of payloads, so that the one writer has little left to do.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use sira_numbers::Version;

use crate::JournalError;
use crate::StreamId;
use crate::types::{AppendRequest, NewEvent};
use sira_evidence::leaf::{fit, sha256};

/// Events in one request: a register of a large cohort fits, an import has to go in pieces.
pub const MAX_EVENTS: usize = 5_000;
/// Streams read or written by one request: each costs a look-up under the head row's lock, which every other
/// writer waits for.
pub const MAX_STREAMS: usize = 5_000;
/// Bytes of a type, version, actor, key or alias: they stand in indexes.
pub const MAX_NAME_BYTES: usize = 255;
/// Bytes of one payload, metadata or answer: far above any form's, and small enough that a batch of such
/// texts is no danger to the writer's memory.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// The hashes of an event's texts.
pub(crate) struct EventDigest {
    pub payload: [u8; 32],
    pub metadata: [u8; 32],
}

/// A request that may be recorded as far as it can be told without the database.
pub(crate) struct Prepared {
    pub request: AppendRequest,
    /// One for each event, in the order of the writes.
    pub digests: Vec<EventDigest>,
}

impl Prepared {
    pub fn new(request: AppendRequest) -> Result<Self, JournalError> {
        check_shape(&request)?;
        check_names(&request)?;
        let mut digests = Vec::new();
        for event in request.writes.iter().flat_map(|write| &write.events) {
            digests.push(digest(event)?);
        }
        for conditional in &request.conditional {
            digests.push(digest(&conditional.event)?);
        }
        Ok(Self { request, digests })
    }

    /// Streams that this request reads or writes.
    pub fn streams(&self) -> impl Iterator<Item = &StreamId> {
        let written = self.request.writes.iter().map(|write| &write.stream);
        let referred = self.request.conditional.iter().map(|conditional| &conditional.stream);
        let guarded = self.request.guards.iter().map(|guard| &guard.stream);
        written.chain(referred).chain(guarded)
    }
}

fn check_shape(request: &AppendRequest) -> Result<(), JournalError> {
    let events: usize = request.writes.iter().map(|write| write.events.len()).sum();
    require(events + request.conditional.len() <= MAX_EVENTS, "writes", "too many events")?;
    let streams = request.writes.len() + request.conditional.len() + request.guards.len();
    require(streams <= MAX_STREAMS, "writes", "too many streams")?;
    let mut seen = HashSet::new();
    for write in &request.writes {
        // A write without events would be judged by no unique key; it is a guard and must be one.
        require(!write.events.is_empty(), "writes", "a write holds no event")?;
        require(seen.insert(&write.stream), "writes", "a stream stands twice")?;
        require(has_room(write.expected_version), "expected_version", "too large")?;
    }
    for conditional in &request.conditional {
        require(seen.insert(&conditional.stream), "conditional", "a stream stands twice")?;
    }
    for guard in &request.guards {
        require(has_room(guard.version), "guards", "version too large")?;
    }
    require(request.answer.len() <= MAX_TEXT_BYTES, "answer", "too long")?;
    require(!request.answer.contains('\0'), "answer", "holds a NUL character")
}

/// Whether a stream of this version can take another request: no version is larger than a column holds.
fn has_room(version: Version) -> bool {
    Version::MAX.since(version) >= MAX_EVENTS as u64
}

fn check_names(request: &AppendRequest) -> Result<(), JournalError> {
    for write in &request.writes {
        name("aggregate_type", &write.stream.aggregate_type)?;
        write.events.iter().try_for_each(event_names)?;
    }
    for conditional in &request.conditional {
        name("aggregate_type", &conditional.stream.aggregate_type)?;
        event_names(&conditional.event)?;
    }
    for guard in &request.guards {
        name("aggregate_type", &guard.stream.aggregate_type)?;
    }
    if let Some(alias) = &request.alias {
        name("alias", &alias.alias)?;
        name("aggregate_type", &alias.stream.aggregate_type)?;
    }
    if let Some(key) = &request.key {
        name("actor", &key.actor)?;
        name("key", &key.key)?;
    }
    Ok(())
}

fn event_names(event: &NewEvent) -> Result<(), JournalError> {
    name("event_type", &event.event_type)?;
    name("event_version", &event.event_version)
}

/// Checks and hashes one event. A text that is not JSON would be refused by `PostgreSQL`, and then only
/// after it had spoilt the batch for its neighbours.
fn digest(event: &NewEvent) -> Result<EventDigest, JournalError> {
    json("payload", &event.payload)?;
    json("metadata", &event.metadata)?;
    Ok(EventDigest {
        payload: sha256(event.payload.as_bytes()),
        metadata: sha256(event.metadata.as_bytes()),
    })
}

fn json(field: &'static str, text: &str) -> Result<(), JournalError> {
    require(text.len() <= MAX_TEXT_BYTES, field, "too long")?;
    let parsed: Result<IgnoredAny, _> = serde_json::from_str(text);
    require(parsed.is_ok(), field, "is not JSON")
}

fn name(field: &'static str, value: &str) -> Result<(), JournalError> {
    require(!value.is_empty(), field, "is empty")?;
    require(value.len() <= MAX_NAME_BYTES, field, "too long")?;
    Ok(fit(field, value)?)
}

fn require(holds: bool, field: &'static str, problem: &'static str) -> Result<(), JournalError> {
    if holds {
        return Ok(());
    }
    Err(JournalError::Invalid { field, problem })
}

/// A name that may stand in a statement, a hash and a URL as it is, such as a journal's id: letters,
/// digits, `-`, `_` and `.` only.
pub(crate) fn plain(field: &'static str, value: &str) -> Result<(), JournalError> {
    name(field, value)?;
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    require(plain, field, "holds other than letters, digits, `-`, `_` and `.`")
}
