//! Likely duplicates of somebody who is being registered.
//!
//! A hint, given in time or not at all: the registration never waits longer for it than
//! [`LOOKUP_WITHIN`], and never fails by it. What is missed here (the index lags by a moment, the
//! read database is away) is found by the projection and reaches the worklist.

use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::likeness::{Profile, Reason};
use sira_domain::reference::RegionCode;
use sira_projections::case_identity::{Found, IdentityKeys, Sought, find_alike};
use sira_projections::{FoldError, ReadStore};
use tokio::time::Instant;
use uuid::Uuid;

use super::OpenedKeys;

/// Duplicates that an answer names: more than a person looks at.
pub const MAX_ANSWERED: usize = 10;
/// How long a registration waits for them: less than a person notices.
const LOOKUP_WITHIN: Duration = Duration::from_millis(500);
/// How long nobody looks after a lookup has failed: a read database that is away must cost an import
/// a moment now and then, not half a second a row.
const PAUSE: Duration = Duration::from_secs(5);

/// A path that may be the same person's. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Duplicate {
    /// The path's id.
    pub id: Uuid,
    /// Its reference.
    pub reference: String,
    /// The office in charge of it.
    pub office: String,
    /// How alike, up to 100.
    pub score: u8,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl From<Found> for Duplicate {
    fn from(found: Found) -> Self {
        let Found { id, reference, office, likeness } = found;
        Self { id, reference, office, score: likeness.score, reasons: likeness.reasons }
    }
}

/// Looks for duplicates in the read database.
pub struct DuplicateFinder {
    store: ReadStore,
    keys: OpenedKeys,
    paused_until: Mutex<Option<Instant>>,
}

impl DuplicateFinder {
    /// Looks in a read database.
    #[must_use]
    pub fn new(store: ReadStore, keys: OpenedKeys) -> Self {
        Self { store, keys, paused_until: Mutex::new(None) }
    }

    /// Paths that may be of the person of this sealed identity, the most alike first; none when nobody
    /// can tell in time.
    pub async fn find(
        &self,
        id: Uuid,
        sealed: &str,
        birth_year: i32,
        region: Option<RegionCode>,
    ) -> Vec<Duplicate> {
        let now = Instant::now();
        if self.paused_until.lock().is_some_and(|until| now < until) {
            return Vec::new();
        }
        let look = self.look(id, sealed, birth_year, region);
        match tokio::time::timeout(LOOKUP_WITHIN, look).await {
            Ok(Ok(found)) => found.into_iter().take(MAX_ANSWERED).map(Duplicate::from).collect(),
            Ok(Err(error)) => {
                self.pause(&format!("{:?}", std::error::Error::source(&error)));
                Vec::new()
            }
            Err(_) => {
                self.pause("no answer in time");
                Vec::new()
            }
        }
    }

    async fn look(
        &self,
        id: Uuid,
        sealed: &str,
        birth_year: i32,
        region: Option<RegionCode>,
    ) -> Result<Vec<Found>, FoldError> {
        let Some(identity) = self.keys.open(id, sealed).await? else { return Ok(Vec::new()) };
        let profile = Profile::new(&identity, birth_year, region);
        let sought = Sought { id, profile, before: i64::MAX };
        let mut handle = self.store.connection().await?;
        Ok(find_alike(handle.connection(), &self.keys, &sought).await?.found)
    }

    fn pause(&self, cause: &str) {
        tracing::warn!(cause, pause_s = PAUSE.as_secs(), "duplicates are not looked for");
        *self.paused_until.lock() = Some(Instant::now() + PAUSE);
    }
}
