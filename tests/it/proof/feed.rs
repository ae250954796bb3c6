//! A journal's feed that ends early, or has an event that cannot be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sira::journal::Journal;
use sira::read_side::JournalFeed;
use sira_numbers::Position;
use sira_projections::{BoxError, Feed, FeedEvent, FeedPlace};
use tokio::sync::watch;
use uuid::Uuid;

/// The feed of a journal as it was at some position, or as a program reads it that does not know the
/// form of one event.
#[derive(Clone)]
pub struct BentFeed {
    feed: JournalFeed,
    /// The last position that there is; may be moved on.
    end: Arc<AtomicU64>,
    /// Position of the event that cannot be read; 0 for none.
    poison: Arc<AtomicU64>,
}

impl BentFeed {
    /// A journal that ends at a position.
    pub fn until(journal: &Journal, end: Position) -> Self {
        let (end, poison) = (Arc::new(AtomicU64::new(end.get())), Arc::default());
        Self { feed: JournalFeed::new(journal.clone()), end, poison }
    }

    /// A journal with an event that cannot be read.
    pub fn poisoned(journal: &Journal, position: Position) -> Self {
        let bent = Self::until(journal, Position::MAX);
        bent.poison.store(position.get(), Ordering::SeqCst);
        bent
    }

    /// The end from now on.
    pub fn end_at(&self, position: Position) {
        self.end.store(position.get(), Ordering::SeqCst);
    }

    fn end(&self) -> Position {
        Position::of_count(self.end.load(Ordering::SeqCst))
    }

    fn bent(&self, mut events: Vec<FeedEvent>) -> Vec<FeedEvent> {
        let poison = Position::of_count(self.poison.load(Ordering::SeqCst));
        events.retain(|event| event.position <= self.end());
        for event in events.iter_mut().filter(|event| event.position == poison) {
            event.payload = unheard_of(&event.payload);
        }
        events
    }
}

/// The same day and author, and a fact that no program knows.
fn unheard_of(payload: &str) -> String {
    let mut payload: Value = serde_json::from_str(payload).unwrap();
    payload["fact"] = json!({ "Unheard": {} });
    payload.to_string()
}

impl Feed for BentFeed {
    fn journal(&self) -> &str {
        self.feed.journal()
    }

    async fn read(&self, after: Position, limit: u32) -> Result<Vec<FeedEvent>, BoxError> {
        Ok(self.bent(self.feed.read(after, limit).await?))
    }

    async fn read_stream(
        &self,
        aggregate_type: &'static str,
        id: Uuid,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        Ok(self.bent(self.feed.read_stream(aggregate_type, id).await?))
    }

    async fn read_by_stream(
        &self,
        after: &FeedPlace,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        Ok(self.bent(self.feed.read_by_stream(after, up_to.min(self.end()), limit).await?))
    }

    async fn read_streams(
        &self,
        aggregate_type: &str,
        ids: &[Uuid],
        up_to: Position,
    ) -> Result<Vec<FeedEvent>, BoxError> {
        Ok(self.bent(self.feed.read_streams(aggregate_type, ids, up_to.min(self.end())).await?))
    }

    async fn head(&self) -> Result<Position, BoxError> {
        Ok(self.feed.head().await?.min(self.end()))
    }

    fn committed(&self) -> watch::Receiver<Position> {
        self.feed.committed()
    }
}
