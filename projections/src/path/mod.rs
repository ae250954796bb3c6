//! The rows of one beneficiary's path: a fold of its stream alone.
//!
//! Each event tells rows (`tell`); nearly always that is all there is to do. What reaches back (a
//! retraction, a correction, a payment that is undone) folds the path again, and the rows that stood are compared
//! with the rows that stand now: so the rows at any position are those that the events up to it give, whatever
//! came in between.
//!
//! A path that is frozen as a duplicate keeps its rows, and has one more that names the path that continues. Whose
//! they are is said where people are counted ([`crate::analytics`]), since that takes the rows of two streams.

mod business;
mod dims;
mod due_visits;
mod event;
mod jobs;
mod ledger;
mod link;
mod loans;
mod memo;
mod moment;
mod money;
mod payments;
mod recruitment;
mod spells;
mod status;
mod tell;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sira_domain::path::{AsCorrected, Fact, State};
use sira_domain::values::Within;
use sira_numbers::{Position, Sequence, Version};
use uuid::Uuid;

pub use dims::{AGE_BANDS, age_band, sex_word};
pub use event::PathEvent;
pub(crate) use ledger::{Ledger, Slot, ToldRow};

use crate::changes::Changes;
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::{FeedEvent, FoldError};
use memo::{Before, Memo};
use moment::{EventMoment, Op, amended};
use payments::Undone;
use tell::tell;

/// A path's fold.
#[derive(Clone, Debug)]
pub struct PathFold {
    id: Uuid,
    past: Vec<Arc<PathEvent>>,
    retracted: BTreeSet<Sequence>,
    state: State,
    memo: Memo,
    ledger: Ledger,
}

impl PathFold {
    /// A path before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self {
            id,
            past: Vec::new(),
            retracted: BTreeSet::new(),
            state: State::default(),
            memo: Memo::default(),
            ledger: Ledger::default(),
        }
    }

    /// Takes the next event in: what it changes is added to `changes`.
    pub fn take_event(&mut self, event: PathEvent, rules: &RuleBook, changes: &mut Changes) {
        let position = event.position;
        let reaches_back = reaches_back(&event.event.fact);
        if let Fact::Retracted(retraction) = &event.event.fact {
            self.retracted.insert(retraction.sequence);
        }
        self.past.push(Arc::new(event));
        if reaches_back {
            self.fold_again(position, rules, changes);
            return;
        }
        let sequence = self.version().last_sequence();
        let mut ops = Vec::new();
        if let Some(last) = self.past.last().cloned() {
            self.take_one(sequence, &last, rules, &mut ops);
        }
        for op in ops {
            match op {
                Op::Put(told) => self.ledger.put(told, position, changes),
                Op::Clear(table, slot) => self.ledger.clear(table, slot, position, changes),
                Op::Amend(table, slot, column, value) => {
                    self.ledger.amend((table, slot), (column, &value), position, changes);
                }
            }
        }
    }

    fn take_one(
        &mut self,
        sequence: Sequence,
        event: &PathEvent,
        rules: &RuleBook,
        ops: &mut Vec<Op>,
    ) {
        let before = Before::of(&self.state, &event.event.fact);
        self.state.fold(&event.event);
        let moment = EventMoment { id: self.id, sequence, event, state: &self.state };
        tell(&moment, &before, &mut self.memo, rules, ops);
    }

    fn take_undone(
        &mut self,
        sequence: Sequence,
        event: &PathEvent,
        undone: &Undone,
        ops: &mut Vec<Op>,
    ) {
        self.state.fold(&event.event);
        let moment = EventMoment { id: self.id, sequence, event, state: &self.state };
        money::tell_undone(&moment, undone, &self.memo, ops);
    }

    /// The year of birth as the events that stand told it last.
    fn birth_year(&self) -> Option<Within<1900, 2100>> {
        let told = |(index, event): (usize, &Arc<PathEvent>)| match &event.event.fact {
            _ if self.retracted.contains(&Sequence::of_index(index)) => None,
            Fact::Registered(registration) => Some(registration.birth_year),
            Fact::IdentityUpdated(change) => change.birth_year,
            Fact::RegistrationCorrected(correction) => {
                correction.birth_year.as_ref().map(|change| change.after)
            }
            _ => None,
        };
        self.past.iter().enumerate().filter_map(told).next_back()
    }

    /// Payments that were undone, with their reversals: they are in the state until then, and count in no
    /// row.
    fn undone(&self) -> BTreeMap<Sequence, Undone> {
        self.past.iter().enumerate().filter_map(|(index, event)| Undone::of(index, event)).collect()
    }

    /// The events that stand, as later ones among them correct them.
    fn past_as_corrected(&self) -> Vec<(Sequence, Arc<PathEvent>)> {
        let numbered = self.past.iter().enumerate();
        let standing: Vec<_> = numbered
            .map(|(index, event)| (Sequence::of_index(index), event))
            .filter(|(sequence, _)| !self.retracted.contains(sequence))
            .collect();
        let mut corrected = AsCorrected::as_counted(
            standing.iter().map(|(sequence, event)| (*sequence, &event.event)),
        );
        let read = |(sequence, event): &(Sequence, &Arc<PathEvent>)| match corrected
            .read(*sequence, &event.event)
        {
            Cow::Borrowed(_) => (*sequence, Arc::clone(event)),
            Cow::Owned(read) => {
                (*sequence, Arc::new(PathEvent { event: read, ..PathEvent::clone(event) }))
            }
        };
        standing.iter().map(read).collect()
    }

    fn fold_again(&mut self, position: Position, rules: &RuleBook, changes: &mut Changes) {
        self.state = State::default();
        self.memo = Memo { birth_year: self.birth_year(), ..Memo::default() };
        let past = self.past_as_corrected();
        let undone = self.undone();
        let mut rows: Vec<ToldRow> = Vec::new();
        for (sequence, event) in &past {
            let sequence = *sequence;
            let mut ops = Vec::new();
            match undone.get(&sequence) {
                Some(undone) => self.take_undone(sequence, event, undone, &mut ops),
                None => self.take_one(sequence, event, rules, &mut ops),
            }
            for op in ops {
                let place = match &op {
                    Op::Put(told) => (told.table, told.slot),
                    Op::Clear(table, slot) | Op::Amend(table, slot, ..) => (*table, Some(*slot)),
                };
                let is_there = |row: &ToldRow| (row.table, row.slot) == place;
                if let Op::Amend(table, _, column, value) = &op {
                    for row in rows.iter_mut().filter(|row| is_there(row)) {
                        row.row = amended(*table, &row.row, column, value);
                    }
                    continue;
                }
                if place.1.is_some() {
                    rows.retain(|row| !is_there(row));
                }
                if let Op::Put(told) = op {
                    rows.push(told);
                }
            }
        }
        self.ledger.become_rows(rows, position, changes);
    }
}

impl StreamFold for PathFold {
    fn version(&self) -> Version {
        Version::of_count(self.past.len() as u64)
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        rules: &mut RuleBook,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let (position, recorded_at) = (event.position, event.recorded_at);
        let event = PathEvent { position, recorded_at, event: decode(event)? };
        self.take_event(event, rules, changes);
        Ok(())
    }

    fn show(&self, rules: &RuleBook, changes: &mut Changes) {
        status::show(self, rules, changes);
    }

    fn settle(&mut self) {
        self.ledger.settle();
    }

    fn weight(&self) -> usize {
        2_000 + self.past.len() * 700 + self.ledger.len() * 500
    }

    fn programme(&self) -> Option<Uuid> {
        self.state.registration.as_ref().map(|registration| registration.programme.0)
    }
}

/// Whether an event may change what earlier events told.
fn reaches_back(fact: &Fact) -> bool {
    match fact {
        Fact::Retracted(_)
        | Fact::RegistrationCorrected(_)
        | Fact::AttendanceCorrected(_)
        | Fact::DisbursementReversed(_)
        | Fact::RepaymentReversed(_) => true,
        Fact::IdentityUpdated(change) => change.birth_year.is_some(),
        _ => false,
    }
}
