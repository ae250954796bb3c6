//! How far each projection is behind the journal.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::Position;
use sira_projections::case_identity;
use sira_projections::models::MODELS;
use sira_projections::{ProjectionStatus, ReadStore, RunState};

use crate::clock::Clock;
use crate::journal::{Journal, JournalError};

/// A projection and how far it is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProjectionLag {
    /// Its name.
    pub name: String,
    /// The version of its rows' form; 0 before it was first built.
    pub version: u32,
    /// Every event up to here is in its rows.
    pub position: Position,
    /// Events that are not.
    pub lag_events: u64,
    /// Seconds since the oldest of them was recorded.
    pub lag_seconds: u64,
    /// `live`, `behind`, `retrying`, `rebuilding`, `stopped` or `not_built`.
    pub state: &'static str,
    /// The event at which it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Position>,
    /// Why it stopped; no personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Names of every projection that there is.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once(case_identity::NAME).chain(MODELS.iter().map(|model| model.name))
}

/// Every projection as its checkpoint in the read database tells it.
///
/// # Errors
/// When either database cannot be read.
pub async fn stored_lags(
    store: &ReadStore,
    journal: &Journal,
    clock: &Clock,
) -> Result<Vec<ProjectionLag>, Box<dyn std::error::Error + Send + Sync>> {
    let stored = store.projections(journal.id()).await?;
    let mut lags = Vec::new();
    for name in names() {
        let found = stored.iter().find(|one| one.name == name);
        lags.push(ProjectionLag {
            name: name.to_owned(),
            version: found.map_or(0, |found| found.version),
            position: found.map_or(Position::START, |found| found.position),
            lag_events: 0,
            lag_seconds: 0,
            state: match found {
                None => "not_built",
                Some(found) if found.halted.is_some() => "stopped",
                Some(_) => "live",
            },
            stopped_at: found.and_then(|found| found.halted.as_ref()?.0),
            cause: found.and_then(|found| Some(found.halted.as_ref()?.1.clone())),
        });
    }
    Ok(measure(lags, journal, clock).await?)
}

/// Every projection as this process's runner tells it.
///
/// # Errors
/// When the journal cannot be read.
pub async fn live_lags(
    statuses: &[ProjectionStatus],
    journal: &Journal,
    clock: &Clock,
) -> Result<Vec<ProjectionLag>, JournalError> {
    let lag = |status: &ProjectionStatus| {
        let (state, stopped_at, cause) = match &status.state {
            RunState::Live => ("live", None, None),
            RunState::Retrying => ("retrying", None, None),
            RunState::Rebuilding => ("rebuilding", None, None),
            RunState::Stopped { position, cause } => {
                ("stopped", *position, Some(cause.to_string()))
            }
        };
        ProjectionLag {
            name: status.name.to_owned(),
            version: status.version,
            position: status.position,
            lag_events: 0,
            lag_seconds: 0,
            state,
            stopped_at,
            cause,
        }
    };
    measure(statuses.iter().map(lag).collect(), journal, clock).await
}

async fn measure(
    mut lags: Vec<ProjectionLag>,
    journal: &Journal,
    clock: &Clock,
) -> Result<Vec<ProjectionLag>, JournalError> {
    let head = journal.head().await?.position;
    // Most stand at one position: the event after it is asked for once.
    let mut since = BTreeMap::new();
    for lag in &mut lags {
        lag.lag_events = head.since(lag.position);
        if lag.lag_events == 0 {
            continue;
        }
        if let Entry::Vacant(place) = since.entry(lag.position) {
            let next = journal.read_feed(lag.position, 1).await?;
            let waited =
                next.first().map_or(0, |next| (clock.now() - next.recorded_at).num_seconds());
            place.insert(waited.max(0).cast_unsigned());
        }
        lag.lag_seconds = since.get(&lag.position).copied().unwrap_or(0);
        if lag.state == "live" && lag.lag_seconds > 0 {
            lag.state = "behind";
        }
    }
    Ok(lags)
}
