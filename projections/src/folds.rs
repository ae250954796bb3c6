//! The folds of streams, and what a batch of events changes in the tables.

use std::collections::{BTreeSet, HashMap};

use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::programme::{Programme, ProgrammeEvent};
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::families::StreamFamily;
use crate::rule_book::RuleBook;
use crate::shown::Shown;
use crate::stream_fold::StreamFold;
use crate::{BoxError, Feed, FeedEvent, FoldError, activity, staff};

/// What folds may weigh together, in bytes, before those used longest ago are dropped.
pub(crate) const HELD_MAX: usize = 128 * 1024 * 1024;
/// What adds a row for each event, whatever its stream: the one list of it.
static OF_EVENTS: [fn(&FeedEvent, &mut Changes); 2] = [activity::tell, staff::tell];

#[derive(Debug)]
struct Held {
    fold: Box<dyn StreamFold>,
    /// The batch that used it last.
    used: u64,
    /// What the tables of the present hold of it.
    shown: Shown,
}

impl Held {
    fn weight(&self) -> usize {
        self.fold.weight() + self.shown.weight()
    }
}

/// An event that could not be taken.
#[derive(Debug)]
pub(crate) struct Poison {
    /// Its family: what is folded from it cannot go on.
    pub family: StreamFamily,
    /// Its position.
    pub position: Position,
    /// Why.
    pub cause: BoxError,
}

impl From<Poison> for FoldError {
    fn from(poison: Poison) -> Self {
        Self::Unfit(poison.cause)
    }
}

/// The folds of streams.
#[derive(Debug)]
pub(crate) struct Folds {
    held_max: usize,
    held: HashMap<(StreamFamily, Uuid), Held>,
    rules: RuleBook,
    batch: u64,
    touched: BTreeSet<(StreamFamily, Uuid)>,
    /// What one stream shows, for as long as that is looked at: kept for its room.
    own: Changes,
    poisoned: BTreeSet<StreamFamily>,
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
        let (touched, own, poisoned) = (BTreeSet::new(), Changes::default(), BTreeSet::new());
        Self { held_max, held, rules, batch: 0, touched, own, poisoned }
    }

    /// Forgets every stream: they are read again.
    pub fn clear(&mut self) {
        self.held.clear();
        self.touched.clear();
    }

    /// Takes nothing of a family any more.
    pub fn poison(&mut self, family: StreamFamily) {
        self.poisoned.insert(family);
    }

    /// Reads the streams that a batch goes on with and that are not held, as they stood at `at`, and the rules that
    /// the batch needs. Says which event of theirs cannot be taken (any more: it was, by the program that took it first).
    pub async fn load<F: Feed>(
        &mut self,
        feed: &F,
        batch: &[FeedEvent],
        at: Position,
    ) -> Result<Option<Poison>, FoldError> {
        // What is loaded now is used by this batch.
        self.batch += 1;
        let mut missing: HashMap<StreamFamily, BTreeSet<Uuid>> = HashMap::new();
        for event in batch {
            let Some(family) = self.family(event) else { continue };
            let is_new = event.sequence == Sequence::FIRST;
            if !is_new && !self.held.contains_key(&(family, event.aggregate_id)) {
                missing.entry(family).or_default().insert(event.aggregate_id);
            }
        }
        for (family, ids) in missing {
            let ids: Vec<_> = ids.into_iter().collect();
            let events = feed.read_streams(family.aggregate_type(), &ids, at).await;
            let events = events.map_err(FoldError::Unavailable)?;
            self.learn(feed, &events).await?;
            // What they told and showed before stands in the tables already.
            let mut told_before = Changes::default();
            for event in &events {
                if let Err(poison) = self.take(event, &mut told_before) {
                    return Ok(Some(poison));
                }
            }
            self.show(&mut told_before);
        }
        self.settle();
        self.learn(feed, batch).await?;
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
        for tell in OF_EVENTS {
            tell(event, changes);
        }
        Ok(())
    }

    /// Reads the rules that businesses start under in some events, where they are not known yet: before the events
    /// are taken. A version never changes, so it makes no difference when it is read.
    pub async fn learn<F: Feed>(
        &mut self,
        feed: &F,
        events: &[FeedEvent],
    ) -> Result<(), FoldError> {
        for programme in self.unknown_rules(events) {
            let told = feed.read_stream(Programme::TYPE, programme).await;
            for event in told.map_err(FoldError::Unavailable)? {
                // One that cannot be read stops the programme's own tables at its position.
                if let Ok(decoded) = decode::<ProgrammeEvent>(&event) {
                    self.rules.take(programme, &decoded);
                }
            }
        }
        Ok(())
    }

    /// The programmes of businesses that start in some events, under rules that are not known. An event that cannot
    /// be read is told of when it is taken.
    fn unknown_rules(&self, events: &[FeedEvent]) -> BTreeSet<Uuid> {
        let starts = events.iter().filter(|event| is_of_paths(event, "BusinessStarted"));
        let unknown = starts.filter_map(|event| {
            let version = decode::<BeneficiaryEvent>(event).ok()?.rules;
            let key = (StreamFamily::Path, event.aggregate_id);
            let held = self.held.get(&key).and_then(|held| held.fold.programme());
            let programme = held.or_else(|| registered_with(events, event.aggregate_id))?;
            (!self.rules.knows(programme, version)).then_some(programme)
        });
        unknown.collect()
    }

    /// Adds what the touched streams show in the tables of the present and is not there already; ends the batch.
    /// Changes that are not written then leave the folds to be cleared.
    pub fn show(&mut self, changes: &mut Changes) {
        for key in &self.touched {
            if let Some(held) = self.held.get_mut(key) {
                held.fold.show(&self.rules, &mut self.own);
                held.shown.become_own(key.1, &mut self.own, changes);
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
            if let Some(held) = self.held.get_mut(&key) {
                held.fold.settle();
            }
        }
    }

    /// Drops what was used longest ago, down to half of what may be held: between batches alone, so
    /// that none loses a fold that it goes on with.
    fn make_room(&mut self) {
        let mut held: usize = self.held.values().map(Held::weight).sum();
        if held <= self.held_max {
            return;
        }
        let mut oldest: Vec<_> = self.held.iter().map(|(key, held)| (held.used, *key)).collect();
        oldest.sort_unstable();
        for (_, key) in oldest {
            if held <= self.held_max / 2 {
                return;
            }
            held -= self.held.remove(&key).map_or(0, |held| held.weight());
        }
    }

    fn family(&self, event: &FeedEvent) -> Option<StreamFamily> {
        StreamFamily::of(&event.aggregate_type).filter(|family| !self.poisoned.contains(family))
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
        family: StreamFamily,
        event: &FeedEvent,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let (key, used) = ((family, event.aggregate_id), self.batch);
        let held = self.held.entry(key).or_insert_with(|| Held {
            fold: family.begin(event.aggregate_id),
            used,
            shown: Shown::default(),
        });
        held.used = used;
        let in_order = in_order(held.fold.version(), event);
        let taken = in_order.and_then(|()| held.fold.take(event, &mut self.rules, changes));
        if taken.is_err() && held.fold.version() == Version::ZERO {
            // Begun for this event, and good for nothing without it.
            self.held.remove(&key);
        }
        taken?;
        self.touched.insert(key);
        Ok(())
    }
}

/// Whether an event of a path is of a type.
fn is_of_paths(event: &FeedEvent, event_type: &str) -> bool {
    event.event_type == event_type && event.aggregate_type == Beneficiary::TYPE
}

/// The programme with which a path is registered in some events.
fn registered_with(events: &[FeedEvent], path: Uuid) -> Option<Uuid> {
    let mut own = events.iter().filter(|event| event.aggregate_id == path);
    let registered = own.find(|event| is_of_paths(event, "Registered"))?;
    match decode::<BeneficiaryEvent>(registered).ok()?.fact {
        Fact::Registered(registration) => Some(registration.programme.0),
        _ => None,
    }
}

/// A fold takes its stream's events one after the other, and none twice.
fn in_order(version: Version, event: &FeedEvent) -> Result<(), FoldError> {
    if event.sequence == version.next_sequence() {
        return Ok(());
    }
    Err(FoldError::Unfit(
        format!("sequence {} comes after {version} in its stream", event.sequence).into(),
    ))
}
