//! Where events come from and where they go: what others implement.

use std::future::Future;

use chrono::{DateTime, Utc};
use sira_numbers::{Position, Sequence};
use tokio::sync::watch;
use uuid::Uuid;

use crate::rebuild::WholeBuild;
use crate::{BoxError, ReadTransaction};

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    /// Its place in the journal, from 1, without gaps.
    pub position: Position,
    /// The kind of its stream.
    pub aggregate_type: String,
    /// The id of its stream.
    pub aggregate_id: Uuid,
    /// Its place in its stream, from 1.
    pub sequence: Sequence,
    /// Its name.
    pub event_type: String,
    /// JSON text, in the present form of its type.
    pub payload: String,
    /// JSON text: who recorded it, in which role, from where.
    pub metadata: String,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The hash stored with it, which names the history that it is of.
    pub leaf: LeafHash,
}

/// The hash stored with an event.
pub type LeafHash = [u8; 32];

/// A position, and the event there: a journal that was put back has other events at the same positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HistoryMark {
    /// The position.
    pub position: Position,
    /// The hash of the event there; none before the first event, and where it was not written down.
    pub leaf: Option<LeafHash>,
}

impl HistoryMark {
    /// Whether the journal has that event there.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when the journal cannot be read.
    pub async fn is_of(self, feed: &impl Feed) -> Result<bool, FoldError> {
        let Some(leaf) = self.leaf else { return Ok(true) };
        Ok(feed.leaf(self.position).await.map_err(FoldError::Unavailable)? == Some(leaf))
    }
}

impl FeedEvent {
    /// Where whoever has taken it stands.
    pub(crate) const fn mark(&self) -> HistoryMark {
        HistoryMark { position: self.position, leaf: Some(self.leaf) }
    }
}

/// A place in the order of streams; the default is before every stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPlace {
    /// The kind of aggregate.
    pub aggregate_type: String,
    /// The aggregate's id, as text; empty before the first of a type.
    pub aggregate_id: String,
    /// The sequence.
    pub sequence: Sequence,
}

/// A journal, as projections read it.
pub trait Feed: Clone + Send + Sync + 'static {
    /// The journal's id: checkpoints are kept by it.
    fn journal(&self) -> &str;

    /// The events after a position, in order, at most `limit`.
    fn read(
        &self,
        after: Position,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, BoxError>> + Send;

    /// The events of some kinds of one type of stream, after a position and up to another, in order; at most
    /// `limit`. Fewer than that are all there are.
    fn read_kinds(
        &self,
        after: Position,
        up_to: Position,
        (aggregate_type, kinds): (&'static str, &'static [&'static str]),
        limit: u32,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, BoxError>> + Send {
        async move {
            let (mut found, mut at) = (Vec::new(), after);
            while at < up_to && found.len() < limit as usize {
                let page = self.read(at, limit).await?;
                let Some(last) = page.last() else { break };
                at = last.position;
                let is_sought = |event: &FeedEvent| {
                    event.position <= up_to
                        && event.aggregate_type == aggregate_type
                        && kinds.contains(&event.event_type.as_str())
                };
                found.extend(page.into_iter().filter(is_sought));
            }
            found.truncate(limit as usize);
            Ok(found)
        }
    }

    /// The hash of the event at a position; none where there is none.
    fn leaf(
        &self,
        position: Position,
    ) -> impl Future<Output = Result<Option<LeafHash>, BoxError>> + Send {
        async move {
            let events = self.read(position.before(), 1).await?;
            Ok(events.first().filter(|event| event.position == position).map(|event| event.leaf))
        }
    }

    /// All events of one stream, in order.
    fn read_stream(
        &self,
        aggregate_type: &'static str,
        id: Uuid,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, BoxError>> + Send;

    /// The events up to a position, stream by stream (by type, id and sequence), after a place in that
    /// order; at most `limit`.
    fn read_by_stream(
        &self,
        after: &FeedPlace,
        up_to: Position,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, BoxError>> + Send;

    /// Every event up to a position of some streams of one type, stream by stream.
    fn read_streams(
        &self,
        aggregate_type: &str,
        ids: &[Uuid],
        up_to: Position,
    ) -> impl Future<Output = Result<Vec<FeedEvent>, BoxError>> + Send;

    /// The last position of the journal.
    fn head(&self) -> impl Future<Output = Result<Position, BoxError>> + Send;

    /// Changes when this process has committed something. What other processes commit is found by
    /// asking now and then.
    fn committed(&self) -> watch::Receiver<Position>;
}

/// Why a batch was not taken. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event, or what the rows say of it, does not fit: trying again will not help.
    #[error("an event does not fit")]
    Unfit(#[source] BoxError),
    /// A database is out of reach: trying again may help.
    #[error("a database is out of reach")]
    Unavailable(#[source] BoxError),
}

impl From<sqlx::Error> for FoldError {
    /// A broken constraint or a column of another form comes from an event; all else from the
    /// database's own state.
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind::Other;
        let unfit = match &error {
            sqlx::Error::Database(refused) => !matches!(refused.kind(), Other),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_) => {
                true
            }
            _ => false,
        };
        if unfit { Self::Unfit(error.into()) } else { Self::Unavailable(error.into()) }
    }
}

impl From<crate::ReadError> for FoldError {
    fn from(error: crate::ReadError) -> Self {
        match error {
            crate::ReadError::Database(error) => error.into(),
            crate::ReadError::Unindexed(cause) => Self::Unavailable(cause),
            other => Self::Unfit(other.into()),
        }
    }
}

/// A read model with tables of its own.
///
/// The rows are a function of the events in their order and of nothing else, neither a clock nor
/// where batches begin and end. What is outside (a key that was destroyed) may only take away what a
/// later event takes away too.
pub trait Projection: Send + Sync + 'static {
    /// Its name, in checkpoints and logs.
    fn name(&self) -> &'static str;

    /// The version of its rows' form. A higher one than the stored starts again from nothing.
    fn version(&self) -> u32;

    /// The key in force for the keyed hashes in its rows, asked anew each time; none where they hold none.
    /// Rows that were made under another key are made again under this one, beside those that are read.
    ///
    /// # Errors
    /// [`FoldError::Unavailable`] when nobody can tell.
    fn index_key(&self) -> impl Future<Output = Result<Option<Uuid>, FoldError>> + Send {
        async { Ok(None) }
    }

    /// The tables that it writes, with the schema of each on `PostgreSQL`: what a rebuild puts in
    /// place.
    fn tables(&self) -> &'static [(&'static str, &'static str)];

    /// Builds every row up to the head of a build at once, in empty tables; false of one that is fed batch by batch.
    /// The rows are those that the batches would have made.
    ///
    /// # Errors
    /// [`FoldError`]: what was written is gone on with by nobody.
    fn build(
        &self,
        _whole: &WholeBuild<'_>,
    ) -> impl Future<Output = Result<bool, FoldError>> + Send {
        async { Ok(false) }
    }

    /// Takes the next events in, in order, within the transaction that also moves the checkpoint.
    ///
    /// # Errors
    /// [`FoldError`]: the transaction is rolled back.
    fn apply(
        &self,
        batch: &[FeedEvent],
        transaction: &mut ReadTransaction,
    ) -> impl Future<Output = Result<(), FoldError>> + Send;
}
