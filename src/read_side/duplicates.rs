//! Likely duplicates of somebody who is being registered.
//!
//! A hint, given in time or not at all: the registration never waits longer for it than
//! [`LOOKUP_WITHIN`], and never fails by it. What is missed here (the index lags by a moment, the
//! read database is away, an import brings more people a second than offices do) is found by the projection and
//! reaches the worklist; the answer says that nobody has looked yet.

use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::likeness::{PersonProfile, Reason};
use sira_domain::reference::RegionCode;
use sira_numbers::Position;
use sira_projections::case_identity::{FoundAlike, IdentityKeys, Sought, find_alike, index_of};
use sira_projections::{FoldError, ReadStore};
use tokio::time::Instant;
use uuid::Uuid;

use super::OpenedKeys;

/// Duplicates that an answer names: more than a person looks at.
pub const MAX_ANSWERED: usize = 10;
/// How long a registration waits for them: less than a person notices.
const LOOKUP_WITHIN: Duration = Duration::from_millis(500);
/// Lookups a second. All offices of a country together register fewer people; an import registers thousands,
/// and reads no answer: what is looked up then is looked up once, by the projection.
const LOOKUPS_A_SECOND: u32 = 200;
/// How long nobody looks after a lookup has failed: a read database that is away must cost an import
/// a moment now and then, not half a second a row.
const PAUSE: Duration = Duration::from_secs(5);

/// A path that may be the same person's. It names nobody. Of one that is out of the caller's reach only
/// the office is said, whose worklist shows the pair as well: else a registration would be a search
/// through the whole country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Duplicate {
    /// The path's id; none of one that is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its reference; none of one that is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The office in charge of it.
    pub office: String,
    /// How alike, up to 100; none of one that is out of reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Why; nothing of one that is out of reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

impl Duplicate {
    /// What is said of it to somebody who does not reach it.
    #[must_use]
    pub fn out_of_reach(self) -> Self {
        Self { id: None, reference: None, office: self.office, score: None, reasons: Vec::new() }
    }
}

impl From<FoundAlike> for Duplicate {
    fn from(found: FoundAlike) -> Self {
        let FoundAlike { id, reference, office, likeness } = found;
        Self {
            id: Some(id),
            reference: Some(reference),
            office,
            score: Some(likeness.score),
            reasons: likeness.reasons,
        }
    }
}

/// What a lookup came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// Paths that may be of the person, the most alike first.
    pub found: Vec<Duplicate>,
    /// Whether nobody has looked: what there is reaches the worklist alone.
    pub is_left_to_worklist: bool,
}

impl Lookup {
    /// Of nobody who was looked for.
    #[must_use]
    pub const fn left() -> Self {
        Self { found: Vec::new(), is_left_to_worklist: true }
    }
}

/// Looks for duplicates in the read database.
pub struct DuplicateFinder {
    store: ReadStore,
    keys: OpenedKeys,
    paused_until: Mutex<Option<Instant>>,
    /// The second that is under way, and the lookups that it has had.
    second: Mutex<(Instant, u32)>,
}

impl DuplicateFinder {
    /// Looks in a read database.
    #[must_use]
    pub fn new(store: ReadStore, keys: OpenedKeys) -> Self {
        let second = Mutex::new((Instant::now(), 0));
        Self { store, keys, paused_until: Mutex::new(None), second }
    }

    /// Paths that may be of the person of this sealed identity, the most alike first; left to the worklist when
    /// nobody can tell in time.
    pub async fn find(
        &self,
        id: Uuid,
        sealed: &str,
        birth_year: i32,
        region: Option<RegionCode>,
    ) -> Lookup {
        let now = Instant::now();
        if self.paused_until.lock().is_some_and(|until| now < until) || !self.has_turn(now) {
            return Lookup::left();
        }
        let look = self.look(id, sealed, birth_year, region);
        match tokio::time::timeout(LOOKUP_WITHIN, look).await {
            Ok(Ok(found)) => {
                let found = found.into_iter().take(MAX_ANSWERED).map(Duplicate::from).collect();
                Lookup { found, is_left_to_worklist: false }
            }
            Ok(Err(error)) => {
                self.pause(&format!("{:?}", std::error::Error::source(&error)));
                Lookup::left()
            }
            Err(_) => {
                self.pause("no answer in time");
                Lookup::left()
            }
        }
    }

    /// Whether the second that is under way has a lookup left.
    fn has_turn(&self, now: Instant) -> bool {
        let mut second = self.second.lock();
        if now.duration_since(second.0) >= Duration::from_secs(1) {
            *second = (now, 0);
        }
        second.1 += 1;
        second.1 <= LOOKUPS_A_SECOND
    }

    async fn look(
        &self,
        id: Uuid,
        sealed: &str,
        birth_year: i32,
        region: Option<RegionCode>,
    ) -> Result<Vec<FoundAlike>, FoldError> {
        let Some(identity) = self.keys.open(id, sealed).await? else { return Ok(Vec::new()) };
        let profile = PersonProfile::new(&identity, birth_year, region);
        let sought = Sought { id, profile, before: Position::MAX };
        let mut handle = self.store.connection().await?;
        loop {
            let (key, index) = index_of(handle.connection(), &self.keys).await?;
            let found = find_alike(handle.connection(), (&self.keys, &index), &sought).await?.found;
            // Rows under another key may have been put in place meanwhile.
            if index_of(handle.connection(), &self.keys).await?.0 == key {
                return Ok(found);
            }
        }
    }

    fn pause(&self, cause: &str) {
        tracing::warn!(cause, pause_s = PAUSE.as_secs(), "duplicates are not looked for");
        *self.paused_until.lock() = Some(Instant::now() + PAUSE);
    }
}
