//! Writes to a stream that many write to at once, such as a fund: whether they may be made is asked
//! under the head row's lock, of the stream as it then stands.
//!
//! With an expected version, of all that decide on one version of a hot stream one wins, and the
//! others decide for nothing; between processes some would lose for ever. Here nobody loses a race:
//! the writer asks, in arrival order, and the answer is final. What the stream's events mean stays
//! unknown to the journal: an [`WriteGuard`] keeps the stream's state and says yes or no.
//!
//! The event must not depend on the stream's state, only the permission to write it may.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sira_numbers::Version;

use crate::types::NewEvent;
use crate::{RecordedEvent, StreamId};

/// Keeps the state of one stream, as of some committed version.
pub trait WriteGuard: Send + Sync {
    /// The version of the state that is kept.
    fn version(&self) -> Version;

    /// Takes in committed events that follow the state that is kept, in order.
    ///
    /// # Errors
    /// An event that cannot be read.
    fn catch_up(&self, events: &[RecordedEvent]) -> Result<(), GuardRefusal>;

    /// Forgets the state: the stream is read from its beginning.
    fn reset(&self);

    /// Begins to admit a batch from the state that is kept.
    fn begin(self: Arc<Self>) -> Box<dyn BatchCheck>;
}

/// One stream in the course of one batch. Dropped when the batch is not committed.
pub trait BatchCheck: Send + Sync {
    /// The version that it has reached.
    fn version(&self) -> Version;

    /// Whether this may follow.
    ///
    /// # Errors
    /// What forbids it.
    fn check(&self, proposed: &(dyn Any + Send + Sync)) -> Result<(), GuardRefusal>;

    /// Takes it in, as one event.
    fn take(&mut self, proposed: &(dyn Any + Send + Sync));

    /// The batch is committed: the guard keeps this state from now on.
    fn keep(self: Box<Self>);
}

/// The streams that are being judged.
pub(crate) type BatchChecks = HashMap<StreamId, Box<dyn BatchCheck>>;

/// Why a referred write is not made; the caller knows the type behind it.
#[derive(Clone, Debug)]
pub struct GuardRefusal(pub Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Display for GuardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl PartialEq for GuardRefusal {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for GuardRefusal {}

/// One event for a stream with a guard.
#[derive(Clone)]
pub struct ConditionalWrite {
    /// Where to.
    pub stream: StreamId,
    /// The event.
    pub event: NewEvent,
    /// Who is asked.
    pub guard: Arc<dyn WriteGuard>,
    /// What is asked: the event as the guard understands it.
    pub proposed: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for ConditionalWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionalWrite")
            .field("stream", &self.stream)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

impl PartialEq for ConditionalWrite {
    fn eq(&self, other: &Self) -> bool {
        (&self.stream, &self.event) == (&other.stream, &other.event)
            && Arc::ptr_eq(&self.guard, &other.guard)
    }
}

impl Eq for ConditionalWrite {}
