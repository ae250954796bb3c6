//! Guards of funds and cohorts: their rules, asked under the journal's lock.
//!
//! What a command on a path moves in a fund or takes of a cohort is allowed or not by the state of that
//! stream at the very moment of the append. See [`crate::journal::WriteGuard`].

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_numbers::Version;
use uuid::Uuid;

use super::aggregate::{Aggregate, stream_id};
use super::cache::new_event;
use super::{Call, CommandError, Commands};
use crate::journal::{
    BatchCheck, ConditionalWrite, GuardRefusal, Journal, RecordedEvent, WriteGuard,
};
use crate::stored::{Unreadable, read_event};

/// Funds or cohorts whose state is kept for judging.
const GUARDED_MAX: usize = 2_048;

/// The rule that an event of a guarded stream is judged by.
type Lawful<A> = fn(&A, &<A as Aggregate>::Event, &Programme) -> Result<(), Refusal>;

impl Commands {
    /// An event for a stream that others write to as well, as a conditional write; none where nobody
    /// else does, and when the stream has not begun.
    pub(super) async fn conditional_write<A: Aggregate>(
        &self,
        id: Uuid,
        event: &A::Event,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        let Some(guards) = A::guards(&self.0) else { return Ok(None) };
        let guarded = guards.get(&self.0.journal, id).await?;
        Ok(guarded.map(|guarded| ConditionalWrite {
            stream: stream_id::<A>(id),
            event: new_event(event, call, 0),
            guard: guarded,
            proposed: Arc::new(ProposedEvent::<A> {
                event: event.clone(),
                programme: programme.clone(),
            }),
        }))
    }
}

/// An event that a guarded stream is asked about, and the programme that it is judged by. The
/// programme is guarded in the same append.
struct ProposedEvent<A: Aggregate> {
    event: A::Event,
    programme: Arc<Programme>,
}

/// The state of one stream, as of a committed version.
pub(super) struct GuardedStream<A: Aggregate> {
    state: Mutex<Arc<A>>,
    lawful: Lawful<A>,
}

impl<A: Aggregate> GuardedStream<A> {
    /// The state as last kept; another process may have written since.
    pub fn state(&self) -> Arc<A> {
        self.state.lock().clone()
    }
}

fn fold<A: Aggregate>(state: &mut A, events: &[RecordedEvent]) -> Result<(), Unreadable> {
    for recorded in events {
        state.take(read_event(recorded)?);
    }
    Ok(())
}

impl<A: Aggregate> WriteGuard for GuardedStream<A> {
    fn version(&self) -> Version {
        self.state.lock().version()
    }

    fn catch_up(&self, events: &[RecordedEvent]) -> Result<(), GuardRefusal> {
        let mut state = self.state.lock();
        fold(Arc::make_mut(&mut state), events).map_err(|error| GuardRefusal(Arc::new(error)))
    }

    fn reset(&self) {
        *self.state.lock() = Arc::default();
    }

    fn begin(self: Arc<Self>) -> Box<dyn BatchCheck> {
        let state = self.state();
        Box::new(GuardedBatch { guarded: self, state })
    }
}

/// The stream in the course of one batch.
struct GuardedBatch<A: Aggregate> {
    guarded: Arc<GuardedStream<A>>,
    state: Arc<A>,
}

impl<A: Aggregate> BatchCheck for GuardedBatch<A> {
    fn version(&self) -> Version {
        self.state.version()
    }

    fn check(&self, proposed: &(dyn Any + Send + Sync)) -> Result<(), GuardRefusal> {
        let proposed: &ProposedEvent<A> = proposed_of(proposed);
        let lawful = self.guarded.lawful;
        let checked = lawful(&self.state, &proposed.event, &proposed.programme);
        checked.map_err(|refusal| GuardRefusal(Arc::new(refusal)))
    }

    fn take(&mut self, proposed: &(dyn Any + Send + Sync)) {
        let proposed: &ProposedEvent<A> = proposed_of(proposed);
        Arc::make_mut(&mut self.state).take(proposed.event.clone());
    }

    fn keep(self: Box<Self>) {
        *self.guarded.state.lock() = self.state;
    }
}

fn proposed_of<A: Aggregate>(proposed: &(dyn Any + Send + Sync)) -> &ProposedEvent<A> {
    proposed
        .downcast_ref()
        .unwrap_or_else(|| unreachable!("a guarded stream is asked of events of its own kind"))
}

/// The guarded streams of one kind of stream.
pub struct GuardedStreams<A: Aggregate> {
    cache: Cache<Uuid, Arc<GuardedStream<A>>>,
    lawful: Lawful<A>,
}

impl<A: Aggregate> GuardedStreams<A> {
    /// None yet; each will be judged by this rule.
    pub(super) fn judged_by(lawful: Lawful<A>) -> Self {
        Self { cache: Cache::new(GUARDED_MAX), lawful }
    }

    /// The guarded state of a stream, read from the journal when it is not kept; none when the stream has not
    /// begun.
    pub(super) async fn get(
        &self,
        journal: &Journal,
        id: Uuid,
    ) -> Result<Option<Arc<GuardedStream<A>>>, CommandError> {
        if let Some(kept) = self.cache.get(&id) {
            return Ok(Some(kept));
        }
        // Read before the append, so that under the lock only what came since is read.
        let events = journal.read_stream(&stream_id::<A>(id), Version::ZERO).await?;
        if events.is_empty() {
            return Ok(None);
        }
        let mut state = A::default();
        fold(&mut state, &events)?;
        let state = Mutex::new(Arc::new(state));
        let guarded = Arc::new(GuardedStream { state, lawful: self.lawful });
        let kept =
            self.cache.get_or_insert_with(&id, || Ok::<_, std::convert::Infallible>(guarded));
        Ok(kept.ok())
    }
}
