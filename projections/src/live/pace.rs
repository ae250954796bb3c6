//! When a task works, and when it rests.

use std::time::Duration;

use sira_numbers::Position;
use tokio::sync::watch;

use crate::FoldError;

/// How often the journal is asked for what other processes wrote.
const POLL: Duration = Duration::from_millis(250);
/// How long a woken task waits for more to come: under load it makes one transaction of many
/// commits, and nobody notices the delay.
const GATHER: Duration = Duration::from_millis(10);
/// Events of one transaction that show a crowd.
const CROWD: usize = 32;
/// How long it waits then: what a transaction costs besides its rows (some thirty statements) is shared by more of
/// them, and a path that moves twice meanwhile is written once.
const GATHER_IN_CROWD: Duration = Duration::from_millis(25);
/// How long it waits before it tries a database again.
const RETRY: Duration = Duration::from_secs(1);

/// When a task works, and when it rests.
pub(super) struct Pace {
    woken: watch::Receiver<Position>,
    leads: watch::Receiver<bool>,
    pub stop: watch::Receiver<bool>,
    gather: Duration,
}

impl Pace {
    pub fn new(
        woken: watch::Receiver<Position>,
        leads: watch::Receiver<bool>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { woken, leads, stop, gather: GATHER }
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

    /// So many events were taken in one transaction.
    pub fn took(&mut self, events: usize) {
        self.gather = if events >= CROWD { GATHER_IN_CROWD } else { GATHER };
    }

    /// Waits until this process commits something, for a while, or until it is told to stop.
    pub async fn rest(&mut self) {
        let (stop, gather) = (self.stop.clone(), self.gather);
        let woken = async {
            if self.woken.changed().await.is_err() {
                // The journal is closed: nobody will wake us again.
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(gather).await;
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
