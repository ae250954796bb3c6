//! The states of recent streams, kept in memory within a bound.
//!
//! What is kept is a hint: an append is judged by the journal, and a read asks the journal first
//! what other processes wrote. So the only thing to take care of here is never to keep an older
//! state over a newer one.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::aggregate::{Aggregate, stream_id};
use super::{Call, CommandError};
use crate::journal::{Journal, NewEvent, RecordedEvent, StreamId};
use crate::stored::read_event;

/// Entries that the cache makes room for at first; it grows with what its weight allows.
const CACHE_ENTRIES: usize = 100_000;
/// Locks that keep a slow load from overwriting what was written meanwhile: a stream has the one of its id,
/// and with so many two busy streams seldom share one.
const SHARDS: usize = 16_384;

/// An event as the journal takes it; `rules` is the version of the rules that it was judged by.
pub(crate) fn new_event<E: DomainEvent + Serialize>(
    event: &E,
    call: &Call,
    rules: u32,
) -> NewEvent {
    NewEvent::of(event, call.metadata(rules))
}

/// A stream folded up to a version.
#[derive(Debug, Default)]
pub struct Loaded<A> {
    /// The state that its events fold to.
    pub state: Arc<A>,
    /// Position in the journal of its last event.
    pub position: Position,
    /// The time at which its last event was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Bytes of the stream's payloads: what its memory is reckoned by.
    pub weight: u64,
    /// The state as the API shows it, written once for all who ask.
    pub shown: OnceLock<Bytes>,
}

impl<A: Aggregate> Loaded<A> {
    /// Folds recorded events of one stream, in order, from its beginning.
    ///
    /// # Errors
    /// [`CommandError::Unreadable`].
    pub fn fold<'a>(
        events: impl IntoIterator<Item = &'a RecordedEvent>,
    ) -> Result<Self, CommandError> {
        Self::default().followed_by(events)
    }

    /// This stream with recorded events taken in that follow it.
    ///
    /// # Errors
    /// [`CommandError::Unreadable`].
    pub fn followed_by<'a>(
        &self,
        events: impl IntoIterator<Item = &'a RecordedEvent>,
    ) -> Result<Self, CommandError> {
        let mut state = A::clone(&self.state);
        let mut loaded = Self {
            position: self.position,
            recorded_at: self.recorded_at,
            weight: self.weight,
            ..Self::default()
        };
        for recorded in events {
            state.take(read_event(recorded)?);
            loaded.position = recorded.position;
            loaded.recorded_at = recorded.recorded_at;
            loaded.weight += recorded.payload.len() as u64;
        }
        loaded.state = Arc::new(state);
        Ok(loaded)
    }

    /// This stream with the events of a commit taken in.
    #[must_use]
    pub fn after(
        &self,
        events: Vec<A::Event>,
        position: Position,
        recorded_at: DateTime<Utc>,
        bytes: u64,
    ) -> Self {
        let mut state = A::clone(&self.state);
        for event in events {
            state.take(event);
        }
        Self {
            state: Arc::new(state),
            position,
            recorded_at,
            weight: self.weight + bytes,
            shown: OnceLock::new(),
        }
    }
}

#[derive(Clone)]
struct ByPayload;

impl<A> Weighter<Uuid, Arc<Loaded<A>>> for ByPayload {
    /// Four times the payloads, for the parsed events, the folded state and the text shown, and the
    /// entry itself.
    fn weight(&self, _: &Uuid, loaded: &Arc<Loaded<A>>) -> u64 {
        1_024 + 4 * loaded.weight
    }
}

/// A moment in the life of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

/// Recent streams of one kind.
pub struct StreamCache<A> {
    cache: Cache<Uuid, Arc<Loaded<A>>, ByPayload>,
    /// Counts, by shard of the id, how often a stream was written or evicted. A load that began
    /// before the count moved is not kept, since what it read may be old.
    touched: Box<[Mutex<u64>]>,
    /// Whose turn it is, by shard of the id: see [`StreamCache::turn`].
    turns: Box<[tokio::sync::Mutex<()>]>,
}

impl<A: Aggregate> StreamCache<A> {
    /// A store within about `bytes` of memory.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let cache = Cache::with_weighter(CACHE_ENTRIES, bytes, ByPayload);
        let touched = (0..SHARDS).map(|_| Mutex::new(0)).collect();
        let turns = (0..SHARDS).map(|_| tokio::sync::Mutex::default()).collect();
        Self { cache, touched, turns }
    }

    /// Waits for this process's turn at a stream, first come first served. Without it commands on a
    /// hot stream would race each other, and all but one of each batch would decide for nothing; the
    /// only races left are with other processes, and the journal settles those.
    pub async fn turn(&self, id: Uuid) -> tokio::sync::MutexGuard<'_, ()> {
        self.turns[Self::shard_of(id)].lock().await
    }

    /// Waits for this process's turn at several streams, always in one order, so that two who wait for
    /// the same streams cannot hold each other up.
    pub async fn turns(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Vec<tokio::sync::MutexGuard<'_, ()>> {
        let shards: BTreeSet<usize> = ids.into_iter().map(Self::shard_of).collect();
        let mut turns = Vec::with_capacity(shards.len());
        for shard in shards {
            turns.push(self.turns[shard].lock().await);
        }
        turns
    }

    fn shard(&self, id: Uuid) -> &Mutex<u64> {
        &self.touched[Self::shard_of(id)]
    }

    /// The last bits of a `UUIDv7` are random.
    fn shard_of(id: Uuid) -> usize {
        (id.as_u128() as usize) % SHARDS
    }

    /// A mark of this moment in the life of a stream, for [`StreamCache::put`].
    #[must_use]
    pub fn mark(&self, id: Uuid) -> Mark {
        Mark(*self.shard(id).lock())
    }

    /// The stream as kept, or read from the journal; `None` when it has no event.
    ///
    /// # Errors
    /// When the journal cannot be read, or an event cannot.
    pub async fn load(
        &self,
        journal: &Journal,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<A>>>, CommandError> {
        let mark = self.mark(id);
        if let Some(kept) = self.cache.get(&id) {
            return Ok(Some(kept));
        }
        let events = journal.read_stream(&stream_id::<A>(id), Version::ZERO).await?;
        if events.is_empty() {
            return Ok(None);
        }
        let loaded = Arc::new(Loaded::fold(&events)?);
        self.keep(id, mark, &loaded, 0);
        Ok(Some(loaded))
    }

    /// The stream as kept, and what was appended to it since: for one that is known to have moved on.
    ///
    /// # Errors
    /// When the journal cannot be read, or an event cannot.
    pub async fn catch_up(
        &self,
        journal: &Journal,
        id: Uuid,
        kept: &Loaded<A>,
    ) -> Result<Arc<Loaded<A>>, CommandError> {
        let mark = self.mark(id);
        let events = journal.read_stream(&stream_id::<A>(id), kept.state.version()).await?;
        let loaded = Arc::new(kept.followed_by(&events)?);
        self.keep(id, mark, &loaded, 0);
        Ok(loaded)
    }

    /// Keeps what a commit made of a stream. When anything else was written or evicted since
    /// `mark`, by whichever process, nobody here knows which is the newer: the stream is forgotten
    /// and the next reader asks the journal.
    pub fn put(&self, id: Uuid, mark: Mark, loaded: &Arc<Loaded<A>>) {
        self.keep(id, mark, loaded, 1);
    }

    fn keep(&self, id: Uuid, mark: Mark, loaded: &Arc<Loaded<A>>, touch: u64) {
        let mut touched = self.shard(id).lock();
        let newer =
            self.cache.peek(&id).is_some_and(|kept| kept.state.version() > loaded.state.version());
        if newer {
            // What is kept is further on already.
        } else if *touched == mark.0 {
            self.cache.insert(id, loaded.clone());
        } else if touch > 0 {
            self.cache.remove(&id);
        }
        *touched += touch;
    }

    /// Forgets a stream.
    pub fn forget(&self, id: Uuid) {
        let mut touched = self.shard(id).lock();
        *touched += 1;
        self.cache.remove(&id);
    }
}

/// The duty of every cache when other processes have written.
pub(super) trait Evict: Send + Sync {
    /// Forgets a stream that another process wrote.
    fn evict(&self, stream: &StreamId);
    /// Forgets every stream, when it is not known which ones were written.
    fn clear(&self);
}

impl<A: Aggregate> Evict for StreamCache<A> {
    fn evict(&self, stream: &StreamId) {
        if stream.aggregate_type == A::TYPE {
            self.forget(stream.aggregate_id);
        }
    }

    fn clear(&self) {
        for shard in &self.touched {
            *shard.lock() += 1;
        }
        self.cache.clear();
    }
}
