//! Many requests of one caller, prepared off the writer's task and recorded together: for who brings
//! a population, not for who answers people.

use std::collections::HashSet;

use tokio::sync::oneshot;

use crate::JournalError;
use crate::append::check::{MAX_EVENTS, Prepared};
use crate::append::writer::Waiting;
use crate::types::{AppendOutcome, AppendRequest};

/// Where the answer of one request arrives.
pub(crate) type Answer = oneshot::Receiver<Result<AppendOutcome, JournalError>>;

/// Requests that were checked and hashed, in their order. At most [`MAX_EVENTS`] events in all, which
/// bounds the transaction.
pub struct Bulk {
    prepared: Vec<Prepared>,
}

impl Bulk {
    /// Checks and hashes every request: work for the caller's own thread.
    ///
    /// # Errors
    /// `Invalid` for a request that breaks a limit, or when they hold too many events together.
    pub fn new(requests: Vec<AppendRequest>) -> Result<Self, JournalError> {
        let mut prepared = Vec::with_capacity(requests.len());
        let mut events = 0;
        for request in requests {
            let one = Prepared::new(request)?;
            events += one.digests.len();
            prepared.push(one);
        }
        if events > MAX_EVENTS {
            return Err(JournalError::Invalid { field: "bulk", problem: "too many events" });
        }
        Ok(Self { prepared })
    }

    /// Events in all.
    #[must_use]
    pub fn events(&self) -> usize {
        self.prepared.iter().map(|one| one.digests.len()).sum()
    }

    /// Whether a key stands on two of its requests.
    pub(crate) fn names_a_key_twice(&self) -> bool {
        let mut seen = HashSet::new();
        let mut keys = self.prepared.iter().filter_map(|one| one.request.key.as_ref());
        !keys.all(|key| seen.insert((&key.actor, &key.key)))
    }

    pub(crate) fn into_waiting(self) -> (Vec<Waiting>, Vec<Answer>) {
        let pair = |prepared| {
            let (reply, answer) = oneshot::channel();
            (Waiting { prepared, reply }, answer)
        };
        self.prepared.into_iter().map(pair).unzip()
    }
}
