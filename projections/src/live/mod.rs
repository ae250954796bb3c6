//! Feeding projections: batches of recorded events into rows, each with its checkpoint.
//!
//! A projection's task reads the feed after its checkpoint, and in one transaction moves the
//! checkpoint and lets the projection write its rows. The checkpoint moves by compare-and-set on the
//! old position, first of all: that takes the row's lock (the file's, on `SQLite`), so a second
//! runner, of this process or another, waits, finds the checkpoint moved, takes nothing and reads
//! on. A crash anywhere leaves rows and checkpoint as the last commit had them.
//!
//! An event that a projection cannot take stops that projection at the position before it, loudly.
//! The others go on.

mod build;
mod ordered;
mod pace;
mod pack;
mod run;
mod status;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use status::{ProjectionStatus, RunState, Statuses};

use crate::folds::{Folds, HELD_MAX};
use crate::models::MODELS;
use crate::{Feed, Projection, ReadStore, lease};
use ordered::Ordered;
use pace::Pace;
use pack::{Member, Pack};
use run::run;

/// Runs projections, each in a task of its own.
pub struct Runner<F> {
    feed: F,
    store: ReadStore,
    batch: u32,
    memory: usize,
    stop: watch::Sender<bool>,
    leads: watch::Receiver<bool>,
    lease: Option<JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
    statuses: Vec<watch::Receiver<ProjectionStatus>>,
}

impl<F: Feed> Runner<F> {
    /// A runner that runs nothing yet. Must be called within a Tokio runtime.
    #[must_use]
    pub fn new(feed: F, store: ReadStore) -> Self {
        let (stop, (held, leads)) = (watch::Sender::new(false), watch::channel(false));
        let journal = feed.journal().to_owned();
        let lease = tokio::spawn(lease::keep(store.clone(), journal, held, stop.subscribe()));
        let (lease, tasks, statuses) = (Some(lease), Vec::new(), Vec::new());
        let (batch, memory) = (u32::MAX, HELD_MAX);
        Self { feed, store, batch, memory, stop, leads, lease, tasks, statuses }
    }

    /// At most this many events a transaction, for what is started from now on.
    #[must_use]
    pub fn with_batch(mut self, events: u32) -> Self {
        self.batch = events.max(1);
        self
    }

    /// The folds of streams that are kept between batches weigh at most this many bytes, roughly, for
    /// what is started from now on: 128 MiB when this is not called.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    fn pace(&self) -> Pace {
        Pace::new(self.feed.committed(), self.leads.clone(), self.stop.subscribe())
    }

    fn status_of(&mut self, name: &'static str, version: u32) -> watch::Sender<ProjectionStatus> {
        let first = ProjectionStatus { name, version, position: 0, state: RunState::Live };
        let (status, seen) = watch::channel(first);
        self.statuses.push(seen);
        status
    }

    /// Starts a projection that is fed in the journal's order. Must be called within a Tokio runtime.
    pub fn start(&mut self, projection: impl Projection) {
        let status = self.status_of(projection.name(), projection.version());
        let (feed, store) = (self.feed.clone(), self.store.clone());
        let work = Ordered::new(projection, (feed, store), self.batch, status);
        self.tasks.push(tokio::spawn(run(work, self.pace())));
    }

    /// Starts every projection that is folded stream by stream. Must be called within a Tokio runtime.
    pub fn start_models(&mut self) {
        let members = MODELS
            .iter()
            .map(|model| Member {
                model,
                status: self.status_of(model.name, model.version),
                position: 0,
                stopped: false,
                is_built: true,
                halted: None,
            })
            .collect();
        let work = Pack {
            feed: self.feed.clone(),
            store: self.store.clone(),
            batch: self.batch,
            members,
            folds: Folds::holding(self.memory),
            build: None,
            folds_at: None,
            ready: false,
            singly: 0,
        };
        self.tasks.push(tokio::spawn(run(work, self.pace())));
    }

    /// Where each projection stands.
    #[must_use]
    pub fn status(&self) -> Vec<ProjectionStatus> {
        self.statuses().now()
    }

    /// The same, to be asked again without the runner.
    #[must_use]
    pub fn statuses(&self) -> Statuses {
        Statuses(self.statuses.clone())
    }

    /// Stops in good order: a batch under way is committed, none is begun.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The lease is given back when nothing is under way any more.
        for task in self.tasks.drain(..).chain(self.lease.take()) {
            // A task that panicked has stopped as well.
            let _ = task.await;
        }
    }
}

impl<F> Drop for Runner<F> {
    /// A runner that is dropped leaves no task behind; what a task had not committed is rolled back.
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        // The lease's task ends by itself, having given the lease back.
        self.stop.send_replace(true);
    }
}
