//! Arbiters of funds and cohorts: their rules, asked under the journal's lock.
//!
//! What a command on a path moves in a fund or takes of a cohort is allowed or not by the state of that
//! stream at the very moment of the append. See [`crate::journal::Arbiter`].

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use uuid::Uuid;

use super::stream::{Stream, new_event, read_event, stream_id};
use super::{Call, CommandError, Commands, Door};
use crate::journal::{Arbiter, Course, Journal, Objection, RecordedEvent, Referral};

/// Funds or cohorts whose state is kept for judging.
const DOCKETS_MAX: usize = 2_048;

/// A stream that other streams' commands write to.
pub trait Shared: Stream {
    /// Whether `event` may follow.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn lawful(&self, event: &Self::Event, programme: &Programme) -> Result<(), Refusal>;

    /// The programme that it belongs to; none before it has begun.
    fn programme(&self) -> Option<Uuid>;

    /// Its dockets.
    fn dockets(door: &Door) -> &Dockets<Self>;
}

impl Commands {
    /// An event for a stream that is shared, as a referral; none when that stream has not begun.
    pub(super) async fn refer<S: Shared>(
        &self,
        id: Uuid,
        event: &S::Event,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> Result<Option<Referral>, CommandError> {
        let docket = S::dockets(&self.0).get(&self.0.journal, id).await?;
        Ok(docket.map(|docket| Referral {
            stream: stream_id::<S>(id),
            event: new_event(event, call, 0),
            arbiter: docket,
            matter: Arc::new(Matter::<S> { event: event.clone(), programme: programme.clone() }),
        }))
    }
}

/// What a docket is asked: the event, and the programme that it is judged by. The programme is guarded
/// in the same append.
pub(super) struct Matter<S: Shared> {
    pub event: S::Event,
    pub programme: Arc<Programme>,
}

/// The state of one stream, as of a committed version.
pub(super) struct Docket<S> {
    state: Mutex<Arc<S>>,
}

impl<S: Shared> Docket<S> {
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

impl<S: Shared> Arbiter for Docket<S> {
    fn version(&self) -> u64 {
        self.state.lock().version()
    }

    fn catch_up(&self, events: &[RecordedEvent]) -> Result<(), Objection> {
        let mut state = self.state.lock();
        fold(Arc::make_mut(&mut state), events).map_err(|error| Objection(Arc::new(error)))
    }

    fn reset(&self) {
        *self.state.lock() = Arc::default();
    }

    fn begin(self: Arc<Self>) -> Box<dyn Course> {
        let state = self.state();
        Box::new(Hearing { docket: self, state })
    }
}

/// The stream in the course of one batch.
struct Hearing<S> {
    docket: Arc<Docket<S>>,
    state: Arc<S>,
}

impl<S: Shared> Course for Hearing<S> {
    fn version(&self) -> u64 {
        self.state.version()
    }

    fn check(&self, matter: &(dyn Any + Send + Sync)) -> Result<(), Objection> {
        let matter: &Matter<S> = matter_of(matter);
        let checked = self.state.lawful(&matter.event, &matter.programme);
        checked.map_err(|refusal| Objection(Arc::new(refusal)))
    }

    fn take(&mut self, matter: &(dyn Any + Send + Sync)) {
        let matter: &Matter<S> = matter_of(matter);
        Arc::make_mut(&mut self.state).take(matter.event.clone());
    }

    fn keep(self: Box<Self>) {
        *self.docket.state.lock() = self.state;
    }
}

fn matter_of<S: Shared>(matter: &(dyn Any + Send + Sync)) -> &Matter<S> {
    matter
        .downcast_ref()
        .unwrap_or_else(|| unreachable!("a docket is asked matters of its own kind"))
}

/// The dockets of one kind of stream.
pub(super) struct Dockets<S> {
    cache: Cache<Uuid, Arc<Docket<S>>>,
}

impl<S: Shared> Default for Dockets<S> {
    fn default() -> Self {
        Self { cache: Cache::new(DOCKETS_MAX) }
    }
}

impl<S: Shared> Dockets<S> {
    /// The docket of a stream, read from the journal when it is not kept; none when the stream has not
    /// begun.
    pub async fn get(
        &self,
        journal: &Journal,
        id: Uuid,
    ) -> Result<Option<Arc<Docket<S>>>, CommandError> {
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
        let docket = Docket::new(state);
        let kept = self.cache.get_or_insert_with(&id, || Ok::<_, std::convert::Infallible>(docket));
        Ok(kept.ok())
    }
}
