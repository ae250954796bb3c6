//! The journal as a repository of serialised events, for what `cqrs-es` builds on one.

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use serde_json::Value;
use sira_numbers::{Sequence, Version};

use super::failure::recorded;
use super::replay::replay;
use super::serialized::{OutOfTurn, new_event, serialized, stream_of};
use crate::{AppendRequest, Journal, StreamPlace, StreamWrite};

/// A snapshot, which the journal does not keep.
#[derive(Debug, thiserror::Error)]
#[error("the journal keeps no snapshots: a stream is folded from its events")]
struct NoSnapshots;

/// The journal as `cqrs-es`'s repository of events. Clones are cheap.
#[derive(Clone)]
pub struct JournalRepository {
    journal: Journal,
}

impl JournalRepository {
    /// The repository on an open journal.
    #[must_use]
    pub const fn new(journal: Journal) -> Self {
        Self { journal }
    }
}

impl PersistedEventRepository for JournalRepository {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.get_last_events::<A>(aggregate_id, 0).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let stream = stream_of::<A>(aggregate_id)?;
        let events =
            self.journal.read_stream(&stream, Version::of_count(last_sequence as u64)).await?;
        events.into_iter().map(serialized).collect()
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        _: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    /// Durable when it returns, all of it or nothing. The events are of one stream and follow one another;
    /// the first one's sequence says which version they build on.
    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return Err(PersistenceError::UnknownError(Box::new(NoSnapshots)));
        }
        let Some(first) = events.first() else { return Ok(()) };
        for (event, sequence) in events.iter().zip(first.sequence.max(1)..) {
            let is_of_one = event.aggregate_id == first.aggregate_id
                && event.aggregate_type == A::TYPE
                && event.sequence == sequence;
            if !is_of_one {
                return Err(OutOfTurn::of(event));
            }
        }
        let write = StreamWrite {
            stream: stream_of::<A>(&first.aggregate_id)?,
            expected_version: Version::of_count(first.sequence as u64).before(),
            events: events.iter().map(new_event).collect(),
        };
        let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
        recorded(self.journal.append(request).await?)
    }

    async fn stream_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        let stream = stream_of::<A>(aggregate_id)?;
        let from = StreamPlace {
            aggregate_type: A::TYPE.to_owned(),
            aggregate_id: stream.aggregate_id.to_string(),
            sequence: Sequence::START,
        };
        Ok(replay(&self.journal, from, move |event| event.stream == stream))
    }

    /// Stream by stream: what one aggregate went through stands together, in its order.
    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let from = StreamPlace { aggregate_type: A::TYPE.to_owned(), ..StreamPlace::default() };
        Ok(replay(&self.journal, from, |event| event.stream.aggregate_type == A::TYPE))
    }
}
