//! One projection that is fed in the journal's order.

use std::sync::Arc;
use std::time::Duration;

use sira_numbers::Position;
use tokio::sync::watch;
use tokio::time::Instant;

use super::pace::Pace;
use super::renewal::Renewal;
use super::run::{Step, Work};
use super::status::{ProjectionStatus, RunState};
use crate::checkpoint::{self, Checkpoint};
use crate::rebuild::{OTHER_HISTORY, rebuild_projection};
use crate::{Feed, FeedEvent, FoldError, Projection, ReadStore, ReadTransaction};

/// Events of one transaction: enough that its cost is shared, few enough that readers of `SQLite` and
/// a second runner wait no longer than a moment.
const BATCH: u32 = 500;
/// How often the key in force is asked for.
const ASK_KEY: Duration = Duration::from_secs(1);
/// How long after a renewal that failed the next is begun.
const RENEW_AGAIN: Duration = Duration::from_secs(30);

/// A projection that is fed in the journal's order.
pub(super) struct Ordered<P, F> {
    projection: Arc<P>,
    feed: F,
    store: ReadStore,
    /// Events of one transaction at most.
    batch: u32,
    status: watch::Sender<ProjectionStatus>,
    /// Where the checkpoint was when last seen; none before the first look, and after a lost race.
    seen: Option<Checkpoint>,
    /// Events that are still taken one by one, to find the one that does not fit.
    singly: usize,
    /// The rows are being made anew under the key in force.
    renewal: Option<Renewal>,
    /// When the key in force is asked for again.
    ask_key_at: Instant,
}

impl<P: Projection, F: Feed> Work for Ordered<P, F> {
    fn name(&self) -> &'static str {
        self.projection.name()
    }

    async fn step(&mut self, pace: &mut Pace) -> Result<Step, FoldError> {
        self.advance_by_a_batch(pace).await
    }

    /// If a stop cannot be written down, the status and the log of this process say it all the same.
    async fn note_halts(&mut self) {
        let state = self.status.borrow().state.clone();
        let RunState::Stopped { position, cause } = state else { return };
        let name = (self.feed.journal(), self.projection.name());
        if let Ok(mut handle) = self.store.connection().await {
            let _ = checkpoint::halt(handle.connection(), name, Some((position, &cause))).await;
        }
    }

    fn forget(&mut self) {
        self.seen = None;
    }

    fn note_retrying(&mut self) {
        self.status.send_modify(|status| status.state = RunState::Retrying);
    }

    async fn follow(&mut self) {
        let name = self.projection.name();
        if let Ok(position) = self.store.position(self.feed.journal(), name).await {
            self.note_position(position);
        }
    }
}

impl<P: Projection, F: Feed> Ordered<P, F> {
    pub fn new(
        projection: P,
        (feed, store): (F, ReadStore),
        batch: u32,
        status: watch::Sender<ProjectionStatus>,
    ) -> Self {
        let (batch, projection) = (batch.min(BATCH), Arc::new(projection));
        let ask_key_at = Instant::now();
        Self {
            projection,
            feed,
            store,
            batch,
            status,
            seen: None,
            singly: 0,
            renewal: None,
            ask_key_at,
        }
    }

    async fn advance_by_a_batch(&mut self, pace: &mut Pace) -> Result<Step, FoldError> {
        let from = match self.seen {
            Some(seen) => seen,
            None => match self.begin(pace).await? {
                Some(found) => found,
                None => return Ok(Step::Stopped),
            },
        };
        if self.renew(from, pace).await? {
            self.seen = None;
            return Ok(Step::Full);
        }
        let limit = if self.singly > 0 { 1 } else { self.batch };
        let batch = self.feed.read(from.position, limit).await.map_err(FoldError::Unavailable)?;
        pace.took(batch.len());
        let Some(last) = batch.last() else {
            self.note(from);
            return Ok(Step::Idle);
        };
        let to = from.moved(last.mark());
        match self.take(from, to, &batch).await {
            Ok(true) => {
                self.singly = self.singly.saturating_sub(batch.len());
                self.note(to);
                Ok(if batch.len() < limit as usize { Step::Idle } else { Step::Full })
            }
            Ok(false) => {
                self.seen = None;
                Ok(Step::Full)
            }
            Err(FoldError::Unfit(cause)) if batch.len() == 1 => {
                Ok(self.halt(Some(last.position), &cause))
            }
            Err(FoldError::Unfit(_)) => {
                // Those before it are taken one by one, so that the checkpoint ends right before it.
                self.singly = batch.len();
                Ok(Step::Full)
            }
            Err(error) => Err(error),
        }
    }

    /// Sees to it that the rows are made anew when they are not under the key in force, while the live ones
    /// are fed on under theirs; true when the checkpoint may have moved meanwhile.
    ///
    /// The old key is destroyed only once the rows are under the one in force, by whoever asks for that. A
    /// crash at any point leaves the live rows under a key that is there, and what was built on the site:
    /// the next start finds that the two keys differ, and goes on.
    async fn renew(&mut self, from: Checkpoint, pace: &Pace) -> Result<bool, FoldError> {
        if let Some(renewal) = self.renewal.take_if(|renewal| renewal.has_ended()) {
            let pause =
                if renewal.end(self.projection.name()).await { ASK_KEY } else { RENEW_AGAIN };
            self.ask_key_at = Instant::now() + pause;
            return Ok(true);
        }
        if self.renewal.is_some() || Instant::now() < self.ask_key_at {
            return Ok(false);
        }
        self.ask_key_at = Instant::now() + ASK_KEY;
        let in_force = self.projection.index_key().await?;
        if in_force == from.index_key {
            return Ok(false);
        }
        // Another process may have made them anew already: what this one has seen is old then.
        let name = self.projection.name();
        let mut handle = self.store.connection().await?;
        let found = checkpoint::find(handle.connection(), self.feed.journal(), name).await?;
        drop(handle);
        if found.is_none_or(|found| found.index_key == in_force) {
            return Ok(true);
        }
        let (feed, store) = (self.feed.clone(), self.store.clone());
        let stop = pace.stop.clone();
        self.renewal = Some(Renewal::begin(feed, store, Arc::clone(&self.projection), stop));
        Ok(false)
    }

    /// One batch, one transaction. Durable when it returns true: the rows and the checkpoint. A crash
    /// or an error before that leaves both as they were.
    async fn take(
        &self,
        from: Checkpoint,
        to: Checkpoint,
        batch: &[FeedEvent],
    ) -> Result<bool, FoldError> {
        let mut transaction = self.store.begin().await?;
        if !self.advance(&mut transaction, from, to).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        if let Err(error) = self.projection.apply(batch, &mut transaction).await {
            // If the connection is gone, so is the transaction.
            let _ = transaction.rollback().await;
            return Err(error);
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn advance(
        &self,
        transaction: &mut ReadTransaction,
        from: Checkpoint,
        to: Checkpoint,
    ) -> Result<bool, sqlx::Error> {
        let name = (self.feed.journal(), self.projection.name());
        checkpoint::advance(transaction.connection(), name, from, to).await
    }

    /// Finds the checkpoint, or makes it; one of an older version is set back to nothing with its
    /// rows. None when the projection must not run here.
    async fn begin(&mut self, pace: &Pace) -> Result<Option<Checkpoint>, FoldError> {
        let (name, version) = (self.projection.name(), self.projection.version());
        let form = (version, self.projection.index_key().await?);
        let mut handle = self.store.connection().await?;
        checkpoint::make(handle.connection(), self.feed.journal(), name, form).await?;
        let found = checkpoint::find(handle.connection(), self.feed.journal(), name).await?;
        drop(handle);
        let Some(found) = found else { return Err(FoldError::Unavailable("no checkpoint".into())) };
        if found.version > version {
            self.halt(None, &"its rows were made by a newer program".into());
            return Ok(None);
        }
        if found.position > self.feed.head().await.map_err(FoldError::Unavailable)? {
            self.halt(None, &"it is ahead of the journal: the rows are another journal's".into());
            return Ok(None);
        }
        if !found.mark().is_of(&self.feed).await? {
            self.halt(None, &OTHER_HISTORY.into());
            return Ok(None);
        }
        if found.version < version {
            tracing::info!(projection = name, version, "a projection is rebuilt for a new version");
            let stop = &pace.stop;
            rebuild_projection(&self.feed, &self.store, &*self.projection, &|_| (), stop).await?;
            // It has its checkpoint now.
            return Err(FoldError::Unavailable("it was rebuilt".into()));
        }
        let mut handle = self.store.connection().await?;
        checkpoint::halt(handle.connection(), (self.feed.journal(), name), None).await?;
        self.note(found);
        Ok(Some(found))
    }

    fn note(&mut self, at: Checkpoint) {
        self.seen = Some(at);
        self.note_position(at.position);
    }

    fn note_position(&self, position: Position) {
        self.status.send_if_modified(|status| {
            let changed = status.position != position || status.state != RunState::Live;
            (status.position, status.state) = (position, RunState::Live);
            changed
        });
    }

    fn halt(&self, position: Option<Position>, cause: &crate::BoxError) -> Step {
        let name = self.projection.name();
        let at = position.map(Position::get);
        tracing::error!(projection = name, position = at, cause = %cause, "a projection has stopped");
        let cause = Arc::from(cause.to_string());
        self.status.send_modify(|status| status.state = RunState::Stopped { position, cause });
        Step::Stopped
    }
}
