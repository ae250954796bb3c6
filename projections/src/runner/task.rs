//! One projection's task.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::checkpoint::{self, Checkpoint};
use super::feed::{Feed, FeedEvent, FoldError, Projection};
use super::{ProjectionStatus, RunState};
use crate::rebuild::rebuild_projection;
use crate::{ReadStore, ReadTransaction};

/// Events of one transaction: enough that its cost is shared, few enough that readers of `SQLite` and
/// a second runner wait no longer than a moment.
pub(super) const BATCH: u32 = 500;
/// How often the journal is asked for what other processes wrote.
const POLL: Duration = Duration::from_millis(250);
/// How long a woken task waits for more to come: under load it makes one transaction of many
/// commits, and nobody notices the delay.
const GATHER: Duration = Duration::from_millis(10);
/// How long it waits before it tries a database again.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Task<P, F> {
    projection: P,
    feed: F,
    store: ReadStore,
    /// Events of one transaction at most.
    batch: u32,
    status: watch::Sender<ProjectionStatus>,
    pace: Pace,
    /// Where the checkpoint was when last seen; none before the first look, and after a lost race.
    seen: Option<Checkpoint>,
    /// Events that are still taken one by one, to find the one that does not fit.
    singly: usize,
}

/// What a step came to.
enum Step {
    /// A full batch: there is probably more.
    Full,
    /// All there was.
    Idle,
    /// Another runner was first.
    Lost,
    /// It has stopped for good.
    Stopped,
}

impl<P: Projection, F: Feed> Task<P, F> {
    pub fn new(
        projection: P,
        (feed, store): (F, ReadStore),
        batch: u32,
        status: watch::Sender<ProjectionStatus>,
        pace: Pace,
    ) -> Self {
        let batch = batch.min(BATCH);
        Self { projection, feed, store, batch, status, pace, seen: None, singly: 0 }
    }

    /// Runs until it is stopped or stops itself.
    pub async fn run(mut self) {
        while !self.pace.is_told() {
            if !self.pace.leads() {
                self.seen = None;
                self.follow().await;
                continue;
            }
            self.pace.mark();
            match self.step().await {
                Ok(Step::Full | Step::Lost) => {}
                Ok(Step::Idle) => self.pace.rest().await,
                Ok(Step::Stopped) => {
                    self.note_halt().await;
                    return;
                }
                Err(error) => {
                    self.status.send_modify(|status| status.state = RunState::Retrying);
                    self.seen = None;
                    self.pace.wait_after(self.projection.name(), &error).await;
                }
            }
        }
    }

    /// Writes the stop down, for `sira projections list`. If that fails, the status and the log of this
    /// process say it all the same.
    async fn note_halt(&self) {
        let state = self.status.borrow().state.clone();
        let RunState::Stopped { position, cause } = state else { return };
        let name = (self.feed.journal(), self.projection.name());
        if let Ok(mut handle) = self.store.connection().await {
            let _ = checkpoint::halt(handle.connection(), name, Some((position, &cause))).await;
        }
    }

    /// Another process feeds: says how far it has come.
    async fn follow(&mut self) {
        let name = self.projection.name();
        if let Ok(position) = self.store.position(self.feed.journal(), name).await {
            self.note_position(position);
        }
        self.pace.follow().await;
    }

    async fn step(&mut self) -> Result<Step, FoldError> {
        let from = match self.seen {
            Some(seen) => seen,
            None => match self.begin().await? {
                Some(found) => found,
                None => return Ok(Step::Stopped),
            },
        };
        let limit = if self.singly > 0 { 1 } else { self.batch };
        let batch = self.feed.read(from.position, limit).await.map_err(FoldError::Unavailable)?;
        let Some(last) = batch.last() else {
            self.note(from);
            return Ok(Step::Idle);
        };
        let to = Checkpoint { position: last.position, ..from };
        match self.take(from, to, &batch).await {
            Ok(true) => {
                self.singly = self.singly.saturating_sub(batch.len());
                self.note(to);
                Ok(if batch.len() < limit as usize { Step::Idle } else { Step::Full })
            }
            Ok(false) => {
                self.seen = None;
                Ok(Step::Lost)
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
    async fn begin(&mut self) -> Result<Option<Checkpoint>, FoldError> {
        let (name, version) = (self.projection.name(), self.projection.version());
        let mut handle = self.store.connection().await?;
        checkpoint::make(handle.connection(), self.feed.journal(), name, version).await?;
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
        if found.version < version {
            tracing::info!(projection = name, version, "a projection is rebuilt for a new version");
            let stop = &self.pace.stop;
            rebuild_projection(&self.feed, &self.store, &self.projection, &|_| (), stop).await?;
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

    fn note_position(&self, position: u64) {
        self.status.send_if_modified(|status| {
            let changed = status.position != position || status.state != RunState::Live;
            (status.position, status.state) = (position, RunState::Live);
            changed
        });
    }

    fn halt(&self, position: Option<u64>, cause: &crate::BoxError) -> Step {
        let name = self.projection.name();
        tracing::error!(projection = name, position, cause = %cause, "a projection has stopped");
        let cause = Arc::from(cause.to_string());
        self.status.send_modify(|status| status.state = RunState::Stopped { position, cause });
        Step::Stopped
    }
}

/// When a task works, and when it rests.
pub(super) struct Pace {
    woken: watch::Receiver<u64>,
    leads: watch::Receiver<bool>,
    pub stop: watch::Receiver<bool>,
}

impl Pace {
    pub fn new(
        woken: watch::Receiver<u64>,
        leads: watch::Receiver<bool>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { woken, leads, stop }
    }

    /// Whether it is time to stop.
    pub fn is_told(&self) -> bool {
        *self.stop.borrow()
    }

    /// Whether this process feeds the projections.
    pub fn leads(&self) -> bool {
        *self.leads.borrow()
    }

    /// What was committed until now is about to be read.
    pub fn mark(&mut self) {
        self.woken.mark_unchanged();
    }

    /// Waits until this process commits something, for a while, or until it is told to stop.
    pub async fn rest(&mut self) {
        let stop = self.stop.clone();
        let woken = async {
            if self.woken.changed().await.is_err() {
                // The journal is closed: nobody will wake us again.
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(GATHER).await;
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(POLL) => {}
            () = told(stop) => {}
        }
    }

    /// Waits until this process feeds the projections, or for a while.
    pub async fn follow(&mut self) {
        let stop = self.stop.clone();
        let leads = async {
            if self.leads.wait_for(|leads| *leads).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = leads => {}
            () = tokio::time::sleep(POLL) => {}
            () = told(stop) => {}
        }
    }

    pub async fn wait_after(&mut self, name: &str, error: &FoldError) {
        tracing::warn!(projection = name, cause = ?std::error::Error::source(error), "a projection waits: {error}");
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = told(self.stop.clone()) => {}
        }
    }
}

/// Resolves when it is time to stop.
pub(super) async fn told(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // The runner is gone without a word: this task is being aborted.
        std::future::pending::<()>().await;
    }
}
