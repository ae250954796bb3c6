//! What goes into the journal and what comes out of it. No IO here.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::Serialize;
use sira_evidence::StreamId;
use sira_numbers::{Position, Version};

use crate::append::conditional::{ConditionalWrite, GuardRefusal};

/// One event to be recorded. The texts are stored, hashed and given back byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's name, for instance `Registered`.
    pub event_type: Cow<'static, str>,
    /// The version of the event's form, for instance `1.0`.
    pub event_version: Cow<'static, str>,
    /// JSON text.
    pub payload: String,
    /// JSON text.
    pub metadata: String,
}

impl NewEvent {
    /// An event as it is recorded.
    #[must_use]
    pub fn of<E: DomainEvent + Serialize>(event: &E, metadata: String) -> Self {
        Self {
            event_type: event.event_type().into(),
            event_version: event.event_version().into(),
            payload: serde_json::to_string(event)
                .unwrap_or_else(|_| unreachable!("a fact always serialises")),
            metadata,
        }
    }
}

/// Events for one stream, with the version the decision was taken at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamWrite {
    /// Where to.
    pub stream: StreamId,
    /// The sequence of the stream's last event as the decision saw it; 0 when there was no stream.
    pub expected_version: Version,
    /// At least one.
    pub events: Vec<NewEvent>,
}

/// A stream that the decision read and that must not have changed, for instance the programme's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The stream that was read.
    pub stream: StreamId,
    /// The version that was read; 0 when there was no stream.
    pub version: Version,
}

/// An idempotency key, scoped by actor, with the hash of the request's body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Whose key this is: two actors may use the same one.
    pub actor: String,
    /// The client's key.
    pub key: String,
    /// Tells a retry (same body) from a mistake (other body): 8 bytes that name the key which the hash was
    /// made with, and 24 of the keyed hash. That key is destroyed with the next person who is erased.
    pub body_hash: [u8; 32],
}

impl RequestKey {
    /// Bytes of a hash that name its key.
    pub const HASH_KEY_BYTES: usize = 8;

    /// Whether a hash that was stored under this key's name may be of the same body. Where the key that it
    /// was made with is another one, nobody can tell any more, and the name alone counts.
    #[must_use]
    pub fn agrees(&self, stored: &[u8; 32]) -> bool {
        let (own, theirs) = (&self.body_hash, stored);
        own[..Self::HASH_KEY_BYTES] != theirs[..Self::HASH_KEY_BYTES] || own == theirs
    }
}

/// A unique second name of a stream, for instance a beneficiary's reference on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub alias: String,
    /// The stream it leads to.
    pub stream: StreamId,
}

/// One request to the journal: all of it is recorded, or none.
///
/// A request may hold no events at all, when an answer has to be remembered under its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendRequest {
    /// Events, one entry a stream; a stream may stand here once.
    pub writes: Vec<StreamWrite>,
    /// Events for streams with a guard; a stream may stand here once, and not in `writes`.
    pub conditional: Vec<ConditionalWrite>,
    /// Streams that must stand where they were read.
    pub guards: Vec<Guard>,
    /// A second name to be taken.
    pub alias: Option<Alias>,
    /// The key under which the answer is remembered.
    pub key: Option<RequestKey>,
    /// The caller's answer, opaque to the journal; kept only with a key.
    pub answer: String,
}

/// A request that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The position of the request's last event; without events, the journal's position at that moment.
    pub position: Position,
    /// When it was recorded: never before anything at a lower position.
    pub recorded_at: DateTime<Utc>,
    /// The new version of each stream, in the order of [`AppendRequest::writes`], then of
    /// [`AppendRequest::conditional`].
    pub versions: Vec<Version>,
}

/// What was answered the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// [`AppendRequest::answer`] of that time.
    pub answer: String,
    /// [`Committed::position`] of that time.
    pub position: Position,
    /// The first of [`Committed::versions`], or 0.
    pub version: Version,
    /// [`Committed::recorded_at`] of that time.
    pub recorded_at: DateTime<Utc>,
}

/// What became of a request. Everything but `Committed` left the journal as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Recorded, and durable.
    Committed(Committed),
    /// A stream has moved on (or back to nothing): decide again from its current state.
    Stale {
        /// The stream, written to or guarded.
        stream: StreamId,
        /// The version that the request named.
        expected: Version,
        /// The version it has.
        actual: Version,
    },
    /// The key is known and the body is the same: this was answered then.
    Replayed(StoredAnswer),
    /// The key is known with another body.
    KeyReused,
    /// The second name leads to a stream already.
    AliasTaken,
    /// The guard of a stream forbids it, as the stream stands.
    Forbidden(GuardRefusal),
    /// Another request that it stands together with was not recorded, and so it was not either.
    Withheld,
}

/// What is known about an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLookup {
    /// Same body: this was answered.
    Answer(StoredAnswer),
    /// The key was used with another body.
    OtherBody,
}

/// Where the journal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last position that was given; 0 when the journal is empty.
    pub position: Position,
    /// The time of the last append; 1970 when there was none.
    pub recorded_at: DateTime<Utc>,
}
