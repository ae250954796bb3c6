//! Arbiters of funds and cohorts: their rules, asked under the journal's lock.
//!
//! What a command on a path moves in a fund or takes of a cohort is allowed or not by the state of that
//! stream at the very moment of the append. See [`crate::journal::WriteGuard`].

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use uuid::Uuid;

use super::cache::{Stream, new_event, read_event, stream_id};
use super::{Call, CommandError, Commands, Door};
use crate::journal::{
    BatchCheck, ConditionalWrite, GuardRefusal, Journal, RecordedEvent, WriteGuard,
};

/// Funds or cohorts whose state is kept for judging.
const GUARDED_MAX: usize = 2_048;

/// A stream that other streams' commands write to.
pub trait Shared: Stream {
    /// Whether `event` may follow.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn lawful(&self, event: &Self::Event, programme: &Programme) -> Result<(), Refusal>;

    /// The programme that it belongs to; none before it has begun.
    fn programme(&self) -> Option<Uuid>;

    /// Where these streams are kept as guards.
    fn guarded_streams(door: &Door) -> &GuardedStreams<Self>;
}

impl Commands {
    /// An event for a stream that is shared, as a conditional write; none when that stream has not begun.
    pub(super) async fn refer<S: Shared>(
        &self,
        id: Uuid,
        event: &S::Event,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        let guarded = S::guarded_streams(&self.0).get(&self.0.journal, id).await?;
        Ok(guarded.map(|guarded| ConditionalWrite {
            stream: stream_id::<S>(id),
            event: new_event(event, call, 0),
            guard: guarded,
            proposed: Arc::new(ProposedEvent::<S> {
                event: event.clone(),
                programme: programme.clone(),
            }),
        }))
    }
}

/// What a guarded stream is asked: the event, and the programme that it is judged by. The programme is guarded
/// in the same append.
pub(super) struct ProposedEvent<S: Shared> {
    pub event: S::Event,
    pub programme: Arc<Programme>,
}

/// The state of one stream, as of a committed version.
pub(super) struct GuardedStream<S> {
    state: Mutex<Arc<S>>,
}

impl<S: Shared> GuardedStream<S> {
    fn new(state: S) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(Arc::new(state)) })
    }

    /// The state as last kept; another process may have written since.
    pub fn state(&self) -> Arc<S> {
        self.state.lock().clone()
    }
}

fn fold<S: Stream>(state: &mut S, events: &[RecordedEvent]) -> Result<(), CommandError> {
    for recorded in events {
        state.take(read_event(recorded)?);
    }
    Ok(())
}

impl<S: Shared> WriteGuard for GuardedStream<S> {
    fn version(&self) -> u64 {
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
struct GuardedBatch<S> {
    guarded: Arc<GuardedStream<S>>,
    state: Arc<S>,
}

impl<S: Shared> BatchCheck for GuardedBatch<S> {
    fn version(&self) -> u64 {
        self.state.version()
    }

    fn check(&self, proposed: &(dyn Any + Send + Sync)) -> Result<(), GuardRefusal> {
        let proposed: &ProposedEvent<S> = proposed_of(proposed);
        let checked = self.state.lawful(&proposed.event, &proposed.programme);
        checked.map_err(|refusal| GuardRefusal(Arc::new(refusal)))
    }

    fn take(&mut self, proposed: &(dyn Any + Send + Sync)) {
        let proposed: &ProposedEvent<S> = proposed_of(proposed);
        Arc::make_mut(&mut self.state).take(proposed.event.clone());
    }

    fn keep(self: Box<Self>) {
        *self.guarded.state.lock() = self.state;
    }
}

fn proposed_of<S: Shared>(proposed: &(dyn Any + Send + Sync)) -> &ProposedEvent<S> {
    proposed
        .downcast_ref()
        .unwrap_or_else(|| unreachable!("a guarded stream is asked of events of its own kind"))
}

/// The guarded streams of one kind of stream.
pub(super) struct GuardedStreams<S> {
    cache: Cache<Uuid, Arc<GuardedStream<S>>>,
}

impl<S: Shared> Default for GuardedStreams<S> {
    fn default() -> Self {
        Self { cache: Cache::new(GUARDED_MAX) }
    }
}

impl<S: Shared> GuardedStreams<S> {
    /// The guarded state of a stream, read from the journal when it is not kept; none when the stream has not
    /// begun.
    pub async fn get(
        &self,
        journal: &Journal,
        id: Uuid,
    ) -> Result<Option<Arc<GuardedStream<S>>>, CommandError> {
        if let Some(kept) = self.cache.get(&id) {
            return Ok(Some(kept));
        }
        // Read before the append, so that under the lock only what came since is read.
        let events = journal.read_stream(&stream_id::<S>(id), 0).await?;
        if events.is_empty() {
            return Ok(None);
        }
        let mut state = S::default();
        fold(&mut state, &events)?;
        let guarded = GuardedStream::new(state);
        let kept =
            self.cache.get_or_insert_with(&id, || Ok::<_, std::convert::Infallible>(guarded));
        Ok(kept.ok())
    }
}
