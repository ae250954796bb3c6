//! The journal as projections read it.

use sira_numbers::{Position, Version};
use sira_projections::{BoxError, Feed, FeedEvent, FeedPlace};
use tokio::sync::watch;
use uuid::Uuid;

use crate::journal::{self, Journal, RecordedEvent, StreamId};
use crate::stored::present_payload;

/// A journal's feed: every event in its present form.
#[derive(Clone)]
pub struct JournalFeed {
    journal: Journal,
}

impl JournalFeed {
    /// The feed of a journal.
    #[must_use]
    pub fn new(journal: Journal) -> Self {
        Self { journal }
    }
}

impl Feed for JournalFeed {
    fn journal(&self) -> &str {
        self.journal.id()
    }

    async fn read(&self, after: Position, limit: u32) -> Result<Vec<FeedEvent>, BoxError> {
        let events = self.journal.read_feed(after, limit).await?;
        Ok(events.into_iter().map(fed).collect())
    }

    async fn read_kinds(
        &self,
        after: Position,
        up_to: Position,
        kinds: (&'static str, &'static [&'static str]),
        limit: u32,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        let events = self.journal.read_kinds(after, up_to, kinds, limit).await?;
        Ok(events.into_iter().map(fed).collect())
    }

    async fn read_stream(
        &self,
        aggregate_type: &'static str,
        id: Uuid,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        let events =
            self.journal.read_stream(&StreamId::new(aggregate_type, id), Version::ZERO).await?;
        Ok(events.into_iter().map(fed).collect())
    }

    async fn read_by_stream(
        &self,
        after: &FeedPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        let after = journal::StreamPlace {
            aggregate_type: after.aggregate_type.clone(),
            aggregate_id: after.aggregate_id.clone(),
            sequence: after.sequence,
        };
        let events = self.journal.read_by_stream(&after, up_to, limit).await?;
        Ok(events.into_iter().map(fed).collect())
    }

    async fn read_streams(
        &self,
        aggregate_type: &str,
        ids: &[Uuid],
        up_to: Position,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        let events = self.journal.read_streams(aggregate_type, ids, up_to).await?;
        Ok(events.into_iter().map(fed).collect())
    }

    async fn head(&self) -> Result<Position, BoxError> {
        Ok(self.journal.readable().await?)
    }

    fn committed(&self) -> watch::Receiver<Position> {
        self.journal.committed()
    }
}

/// A payload that cannot be brought to its present form is left as it is: the projection that reads
/// it says so, at its position.
fn fed(recorded: RecordedEvent) -> FeedEvent {
    let present = present_payload(&recorded);
    FeedEvent {
        position: recorded.position,
        aggregate_type: recorded.stream.aggregate_type.into_owned(),
        aggregate_id: recorded.stream.aggregate_id,
        sequence: recorded.sequence,
        event_type: recorded.event_type,
        payload: present.unwrap_or(recorded.payload),
        metadata: recorded.metadata,
        recorded_at: recorded.recorded_at,
        leaf: recorded.leaf_hash,
    }
}
