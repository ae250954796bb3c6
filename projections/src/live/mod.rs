//! Feeding projections: batches of recorded events into rows, each with its checkpoint.
//!
//! A task of projections reads the feed after their checkpoints, and in one transaction moves the
//! checkpoints and writes the rows. A checkpoint moves by compare-and-set on the old position, first of
//! all: that takes the row's lock (the file's, on `SQLite`), so a second runner, of this process or
//! another, waits, finds the checkpoint moved, takes nothing and reads on. The lease keeps other
//! processes from trying; that each event is taken once rests on the compare-and-set alone. A crash anywhere leaves rows and checkpoint as the last commit had them.
//!
//! An event that cannot be taken stops, at the position before it and loudly, the projections that fold
//! streams of its family. The others go on.

mod build;
mod ordered;
mod pace;
mod pack;
mod renewal;
mod run;
mod status;

use sira_numbers::Position;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use status::{ProjectionStatus, RunState, Statuses};

use crate::folds::{Folds, HELD_MAX};
use crate::models::MODELS;
use crate::{Feed, Projection, ReadStore, face, lease};
use ordered::Ordered;
use pace::Pace;
use pack::{Member, Pack};
use run::run;

/// Runs projections: those that are folded stream by stream together in one task, and each that is fed in
/// the journal's order in a task of its own. Besides, one task keeps the lease and one the face.
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
        let face = face::keep(store.clone(), journal.clone(), leads.clone(), stop.subscribe());
        let lease = tokio::spawn(lease::keep(store.clone(), journal, held, stop.subscribe()));
        let (lease, tasks, statuses) = (Some(lease), vec![tokio::spawn(face)], Vec::new());
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
        let first =
            ProjectionStatus { name, version, position: Position::START, state: RunState::Live };
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
                position: Position::START,
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
