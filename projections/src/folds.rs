//! The folds of streams, and what a batch of events changes in the tables.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sira_domain::cohort::{Cohort, CohortEvent};
use sira_domain::fund::{Fund, FundEvent};
use sira_domain::path::{Beneficiary, BeneficiaryEvent};
use sira_domain::programme::{Programme, ProgrammeEvent};
use uuid::Uuid;

use crate::changes::Changes;
use crate::cohorts::CohortFold;
use crate::decode::decode;
use crate::funds::FundFold;
use crate::path::{PathEvent, PathFold};
use crate::programmes::ProgrammeFold;
use crate::rule_book::RuleBook;
use crate::staff;
use crate::table::{Cell, Row, TableId};
use crate::{BoxError, Feed, FeedEvent, FoldError};

/// What folds may weigh together, in bytes, before those used longest ago are dropped.
pub(crate) const HELD_MAX: usize = 128 * 1024 * 1024;
/// What a fold of a programme, a cohort or a fund weighs, roughly.
const OWN_WEIGHT: usize = 4_000;

/// A kind of stream that tables are folded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Family {
    /// Beneficiaries' paths.
    Path,
    /// Programmes.
    Programme,
    /// Cohorts.
    Cohort,
    /// Funds.
    Fund,
}

impl Family {
    /// The family of a kind of aggregate; none for a kind that no table is folded from.
    #[must_use]
    pub fn of(aggregate_type: &str) -> Option<Self> {
        Some(match aggregate_type {
            Beneficiary::TYPE => Self::Path,
            Programme::TYPE => Self::Programme,
            Cohort::TYPE => Self::Cohort,
            Fund::TYPE => Self::Fund,
            _ => return None,
        })
    }

    const fn aggregate_type(self) -> &'static str {
        match self {
            Self::Path => Beneficiary::TYPE,
            Self::Programme => Programme::TYPE,
            Self::Cohort => Cohort::TYPE,
            Self::Fund => Fund::TYPE,
        }
    }
}

/// A fold of one stream.
#[derive(Debug)]
enum Fold {
    Path(Box<PathFold>),
    Programme(ProgrammeFold),
    Cohort(Box<CohortFold>),
    Fund(Box<FundFold>),
}

#[derive(Debug)]
struct Held {
    fold: Fold,
    /// The batch that used it last.
    used: u64,
}

/// An event that could not be taken.
#[derive(Debug)]
pub(crate) struct Poison {
    /// Its family: what is folded from it cannot go on.
    pub family: Family,
    /// Its position.
    pub position: u64,
    /// Why.
    pub cause: BoxError,
}

impl From<Poison> for FoldError {
    fn from(poison: Poison) -> Self {
        Self::Unfit(poison.cause)
    }
}

/// What every event's payload has.
#[derive(Deserialize)]
struct Author {
    occurred_on: NaiveDate,
    by: String,
}

/// The folds of streams.
#[derive(Debug)]
pub(crate) struct Folds {
    held_max: usize,
    held: HashMap<(Family, Uuid), Held>,
    rules: RuleBook,
    batch: u64,
    touched: BTreeSet<(Family, Uuid)>,
    poisoned: BTreeSet<Family>,
}

impl Default for Folds {
    fn default() -> Self {
        Self::holding(HELD_MAX)
    }
}

impl Folds {
    /// None yet; those that weigh more than this together are dropped between batches.
    pub fn holding(held_max: usize) -> Self {
        let (held, rules) = (HashMap::new(), RuleBook::default());
        let (touched, poisoned) = (BTreeSet::new(), BTreeSet::new());
        Self { held_max, held, rules, batch: 0, touched, poisoned }
    }

    /// Forgets every stream: they are read again.
    pub fn clear(&mut self) {
        self.held.clear();
        self.touched.clear();
    }

    /// Takes nothing of a family any more.
    pub fn poison(&mut self, family: Family) {
        self.poisoned.insert(family);
    }

    /// Reads the streams that a batch goes on with and that are not held, as they stood at `at`. Says
    /// which event of theirs cannot be taken (any more: it was, by the program that took it first).
    pub async fn load<F: Feed>(
        &mut self,
        feed: &F,
        batch: &[FeedEvent],
        at: u64,
    ) -> Result<Option<Poison>, FoldError> {
        // What is loaded now is used by this batch.
        self.batch += 1;
        let mut missing: HashMap<Family, BTreeSet<Uuid>> = HashMap::new();
        for event in batch {
            let Some(family) = self.family(event) else { continue };
            let is_new = event.sequence == 1;
            if !is_new && !self.held.contains_key(&(family, event.aggregate_id)) {
                missing.entry(family).or_default().insert(event.aggregate_id);
            }
        }
        for (family, ids) in missing {
            let ids: Vec<_> = ids.into_iter().collect();
            let events = feed.read_streams(family.aggregate_type(), &ids, at).await;
            // What they told before stands in the tables already.
            let mut told_before = Changes::default();
            for event in events.map_err(FoldError::Unavailable)? {
                if let Err(poison) = self.take(&event, &mut told_before) {
                    return Ok(Some(poison));
                }
            }
        }
        self.settle();
        Ok(None)
    }

    /// Takes a batch in: what it changes, how many events were taken, and what the next one has, if it
    /// cannot be taken.
    pub fn take_all(&mut self, batch: &[FeedEvent]) -> (Changes, usize, Option<Poison>) {
        let mut changes = Changes::default();
        for (taken, event) in batch.iter().enumerate() {
            if let Err(poison) = self.take_logged(event, &mut changes) {
                return (changes, taken, Some(poison));
            }
        }
        (changes, batch.len(), None)
    }

    /// Takes an event in, with what it says of whoever recorded it.
    pub fn take_logged(&mut self, event: &FeedEvent, changes: &mut Changes) -> Result<(), Poison> {
        self.take(event, changes)?;
        if let Some(row) = activity(event) {
            changes.of_mut(TableId::ActivityLog).rows.push(row);
        }
        if let Some(row) = staff::row(event) {
            changes.of_mut(TableId::Staff).merge(row, staff::MERGE);
        }
        Ok(())
    }

    /// The versions of rules that the touched paths' schedules need and that are not known.
    fn unknown_rules(&self) -> BTreeSet<Uuid> {
        let needs = self.touched.iter().filter_map(|key| match &self.held.get(key)?.fold {
            Fold::Path(path) => path.rules_needed(),
            _ => None,
        });
        needs
            .filter(|(programme, version)| !self.rules.knows(*programme, *version))
            .map(|(programme, _)| programme)
            .collect()
    }

    /// Reads the rules that the touched paths started under, where they are not known yet. A version
    /// never changes, so it makes no difference when it is read.
    pub async fn load_rules<F: Feed>(&mut self, feed: &F) -> Result<(), FoldError> {
        for programme in self.unknown_rules() {
            let events = feed.read_stream(Programme::TYPE, programme).await;
            for event in events.map_err(FoldError::Unavailable)? {
                // One that cannot be read stops the programme's own tables at its position.
                if let Ok(decoded) = decode::<ProgrammeEvent>(&event) {
                    self.rules.take(programme, &decoded);
                }
            }
        }
        Ok(())
    }

    /// Adds what the touched streams show in the tables of the present; ends the batch.
    pub fn show(&mut self, changes: &mut Changes) {
        for key in &self.touched {
            let Some(held) = self.held.get(key) else { continue };
            match &held.fold {
                Fold::Path(path) => path.show(&self.rules, changes),
                Fold::Cohort(cohort) => cohort.show(key.1, changes),
                Fold::Fund(fund) => fund.show(key.1, changes),
                Fold::Programme(programme) => programme.show(key.1, changes),
            }
        }
    }

    /// The changes were written: what is held longest without use may go.
    pub fn settle_and_make_room(&mut self) {
        self.settle();
        self.make_room();
    }

    /// What the tables hold already is not told again.
    fn settle(&mut self) {
        for key in std::mem::take(&mut self.touched) {
            match self.held.get_mut(&key).map(|held| &mut held.fold) {
                Some(Fold::Path(path)) => path.settle(),
                Some(Fold::Programme(programme)) => programme.settle(),
                _ => {}
            }
        }
    }

    /// Drops what was used longest ago, down to half of what may be held: between batches alone, so
    /// that none loses a fold that it goes on with.
    fn make_room(&mut self) {
        let mut held: usize = self.held.values().map(|held| weight(&held.fold)).sum();
        if held <= self.held_max {
            return;
        }
        let mut oldest: Vec<_> = self.held.iter().map(|(key, held)| (held.used, *key)).collect();
        oldest.sort_unstable();
        for (_, key) in oldest {
            if held <= self.held_max / 2 {
                return;
            }
            held -= self.held.remove(&key).map_or(0, |held| weight(&held.fold));
        }
    }

    fn family(&self, event: &FeedEvent) -> Option<Family> {
        Family::of(&event.aggregate_type).filter(|family| !self.poisoned.contains(family))
    }

    /// Takes one event in. Nothing is changed when it cannot be taken.
    pub fn take(&mut self, event: &FeedEvent, changes: &mut Changes) -> Result<(), Poison> {
        let Some(family) = self.family(event) else { return Ok(()) };
        self.take_of(family, event, changes).map_err(|error| match error {
            FoldError::Unfit(cause) | FoldError::Unavailable(cause) => {
                Poison { family, position: event.position, cause }
            }
        })
    }

    fn take_of(
        &mut self,
        family: Family,
        event: &FeedEvent,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let key = (family, event.aggregate_id);
        let (id, position) = (event.aggregate_id, event.position);
        let used = self.batch;
        match family {
            Family::Path => {
                let decoded: BeneficiaryEvent = decode(event)?;
                let new = || Fold::Path(Box::new(PathFold::new(id)));
                let held = self.held.entry(key).or_insert_with(|| Held { fold: new(), used });
                held.used = used;
                let Fold::Path(path) = &mut held.fold else { return Ok(()) };
                in_order(path.version(), event)?;
                let recorded_at = event.recorded_at;
                path.take(PathEvent { position, recorded_at, event: decoded }, changes);
            }
            Family::Programme => {
                let decoded: ProgrammeEvent = decode(event)?;
                self.rules.take(id, &decoded);
                let new = || Fold::Programme(ProgrammeFold::default());
                let held = self.held.entry(key).or_insert_with(|| Held { fold: new(), used });
                held.used = used;
                let Fold::Programme(programme) = &mut held.fold else { return Ok(()) };
                in_order(programme.version(), event)?;
                programme.take(id, &decoded, position, changes);
            }
            Family::Cohort => {
                let decoded: CohortEvent = decode(event)?;
                let new = || Fold::Cohort(Box::default());
                let held = self.held.entry(key).or_insert_with(|| Held { fold: new(), used });
                held.used = used;
                let Fold::Cohort(cohort) = &mut held.fold else { return Ok(()) };
                in_order(cohort.version(), event)?;
                cohort.take(&decoded, position);
            }
            Family::Fund => {
                let decoded: FundEvent = decode(event)?;
                let new = || Fold::Fund(Box::default());
                let held = self.held.entry(key).or_insert_with(|| Held { fold: new(), used });
                held.used = used;
                let Fold::Fund(fund) = &mut held.fold else { return Ok(()) };
                in_order(fund.version(), event)?;
                fund.take(&decoded, position);
            }
        }
        self.touched.insert(key);
        Ok(())
    }
}

/// A fold takes its stream's events one after the other, and none twice.
fn in_order(version: u64, event: &FeedEvent) -> Result<(), FoldError> {
    if event.sequence == version + 1 {
        return Ok(());
    }
    Err(FoldError::Unfit(
        format!("sequence {} comes after {version} in its stream", event.sequence).into(),
    ))
}

fn weight(fold: &Fold) -> usize {
    match fold {
        Fold::Path(path) => path.weight(),
        _ => OWN_WEIGHT,
    }
}

/// The row of an event in `activity_log`; none for an event that says neither day nor author.
fn activity(event: &FeedEvent) -> Option<Row> {
    let author: Author = serde_json::from_str(&event.payload).ok()?;
    let row: [Cell; 8] = [
        event.position.into(),
        event.recorded_at.into(),
        author.occurred_on.into(),
        event.aggregate_type.clone().into(),
        event.aggregate_id.into(),
        event.sequence.into(),
        event.event_type.clone().into(),
        author.by.into(),
    ];
    Some(row.into_iter().collect())
}
