//! The rows of one beneficiary's path: a fold of its stream alone.
//!
//! Each event tells rows (`tell`); nearly always that is all there is to do. What reaches back (a
//! retraction, a corrected year of birth, a path frozen as a duplicate) folds the path again, and the
//! rows that stood are compared with the rows that stand now: so the rows at any position are those
//! that the events up to it give, whatever came in between.

mod business;
mod dims;
mod event;
mod ledger;
mod memo;
mod moment;
mod money;
mod recruitment;
mod status;
mod tell;

use std::collections::BTreeSet;
use std::sync::Arc;

use sira_domain::path::{Fact, State};
use uuid::Uuid;

pub use dims::{AGE_BANDS, age_band, sex_word};
pub use event::PathEvent;
pub(crate) use ledger::{Ledger, Told};

use crate::changes::Changes;
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::TableId;
use crate::{FeedEvent, FoldError};
use memo::{Before, Memo};
use moment::{DUE_SLOTS, INCOME_SLOTS, Moment, Op};
use tell::tell;

/// Tables that count people: a person whose path is frozen as a duplicate is counted where they go on.
/// Their money stays where it was paid out, with what is due of it.
const OF_PEOPLE: [TableId; 5] = [
    TableId::CaseMilestones,
    TableId::TrainingAttendance,
    TableId::TrainingAssessments,
    TableId::Visits,
    TableId::IndicatorValues,
];

/// A path's fold.
#[derive(Clone, Debug)]
pub struct PathFold {
    id: Uuid,
    past: Vec<Arc<PathEvent>>,
    retracted: BTreeSet<u64>,
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
    pub fn take_event(&mut self, event: PathEvent, changes: &mut Changes) {
        let position = event.position;
        let reaches_back = reaches_back(&event.event.fact);
        if let Fact::Retracted(retraction) = &event.event.fact {
            self.retracted.insert(retraction.sequence);
        }
        self.past.push(Arc::new(event));
        if reaches_back || self.state.continues_as.is_some() {
            self.fold_again(position, changes);
            return;
        }
        let sequence = self.past.len();
        let mut ops = Vec::new();
        if let Some(last) = self.past.last().cloned() {
            self.take_one(sequence as u64, &last, &mut ops);
        }
        for op in ops {
            match op {
                Op::Put(told) => self.ledger.put(told, position, changes),
                Op::Clear(table, slot) => self.ledger.clear(table, slot, position, changes),
            }
        }
    }

    fn take_one(&mut self, sequence: u64, event: &PathEvent, ops: &mut Vec<Op>) {
        let before = Before::of(&self.state, &event.event.fact);
        self.state.fold(&event.event);
        let moment = Moment { id: self.id, sequence, event, state: &self.state };
        tell(&moment, &before, &mut self.memo, ops);
    }

    /// The year of birth as the events that stand told it last.
    fn birth_year(&self) -> Option<u32> {
        let told = |(sequence, event): (u64, &Arc<PathEvent>)| match &event.event.fact {
            _ if self.retracted.contains(&sequence) => None,
            Fact::Registered(registration) => Some(registration.birth_year.get()),
            Fact::IdentityUpdated(change) => Some(change.birth_year?.get()),
            _ => None,
        };
        (1..).zip(&self.past).filter_map(told).last()
    }

    fn fold_again(&mut self, position: u64, changes: &mut Changes) {
        self.state = State::default();
        self.memo = Memo { birth_year: self.birth_year(), ..Memo::default() };
        let past = self.past.clone();
        let mut rows: Vec<Told> = Vec::new();
        for (sequence, event) in (1..).zip(&past) {
            if self.retracted.contains(&sequence) {
                continue;
            }
            let mut ops = Vec::new();
            self.take_one(sequence, event, &mut ops);
            for op in ops {
                let (table, slot) = match &op {
                    Op::Put(told) => (told.table, told.slot),
                    Op::Clear(table, slot) => (*table, Some(*slot)),
                };
                if slot.is_some() {
                    rows.retain(|row| (row.table, row.slot) != (table, slot));
                }
                if let Op::Put(told) = op {
                    rows.push(told);
                }
            }
        }
        if self.state.continues_as.is_some() {
            rows.retain(|row| !OF_PEOPLE.contains(&row.table) || is_due(row));
        }
        self.ledger.become_rows(rows, position, changes);
    }
}

impl StreamFold for PathFold {
    fn version(&self) -> u64 {
        self.past.len() as u64
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        _: &mut RuleBook,
        changes: &mut Changes,
    ) -> Result<(), FoldError> {
        let (position, recorded_at) = (event.position, event.recorded_at);
        self.take_event(PathEvent { position, recorded_at, event: decode(event)? }, changes);
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

    /// Its schedule of visits comes from the rules that the business started under.
    fn rules_needed(&self) -> Option<(Uuid, u32)> {
        let registration = self.state.registration.as_ref()?;
        self.state.business.as_ref()?;
        Some((registration.programme.0, self.memo.start_rules))
    }
}

/// Whether a row is an instalment.
fn is_due(row: &Told) -> bool {
    let is_one = |slot| (DUE_SLOTS..INCOME_SLOTS).contains(&slot);
    row.table == TableId::IndicatorValues && row.slot.is_some_and(is_one)
}

/// Whether an event may change what earlier events told.
fn reaches_back(fact: &Fact) -> bool {
    match fact {
        Fact::Retracted(_) | Fact::DuplicateLinked(_) | Fact::DuplicateUnlinked(_) => true,
        Fact::IdentityUpdated(change) => change.birth_year.is_some(),
        _ => false,
    }
}
