//! How projections are doing, for whoever shows it.

use std::sync::Arc;

use sira_numbers::Position;
use tokio::sync::watch;

/// How a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It takes events as they come.
    Live,
    /// A database could not be reached; it tries again.
    Retrying,
    /// Its tables are being built in this program's form, beside those of another, which readers have
    /// until then.
    Rebuilding,
    /// It has stopped for good: somebody has to look.
    Stopped {
        /// The position of the event that it could not take, where one event is to blame.
        position: Option<Position>,
        /// What went wrong; no personal data.
        cause: Arc<str>,
    },
}

/// What a runner says of one projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The version of its rows' form.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: Position,
    /// How it is doing.
    pub state: RunState,
}

/// How the projections of a runner are doing, for whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Statuses(pub(super) Vec<watch::Receiver<ProjectionStatus>>);

impl Statuses {
    /// How each is doing now.
    #[must_use]
    pub fn now(&self) -> Vec<ProjectionStatus> {
        self.0.iter().map(|seen| seen.borrow().clone()).collect()
    }
}
