//! The cohort: a training group with its seats, sessions and registers.

mod amend;
mod command;
mod correct;
mod event;
mod gate;
mod register;
mod retract;
mod seat;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::{Sequence, Version};

pub use command::{COHORT_COMMANDS, CohortCommand, CohortVerb, check_backdating, decide, lawful};
pub use correct::{SheetCorrection, correct_register};
pub use event::{
    COHORT_FACTS, CohortAmendment, CohortCode, CohortEvent, CohortFact, CohortPlan, CorrectedLine,
    RegisterCorrection, RegisterCounts, SEATS_MAX, Seat, SessionCancellation, SessionMove,
    SessionPlan,
};
pub use gate::gate;
pub use register::{Register, Sheet, SheetLine, holds_register_of, session_of_path, take_register};
pub use retract::check_author_of;
pub use seat::of_path;

use crate::values::{BeneficiaryId, Period};

/// A session and its register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "CohortSession")]
pub struct SessionState {
    /// The session as it was scheduled, or moved.
    #[serde(flatten)]
    pub plan: SessionPlan,
    /// Its register as it stands, once it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register: Option<RegisterCounts>,
}

/// A cohort. All of it is derived from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(default)]
pub struct Cohort {
    /// Sequence of the last event; 0 before the first.
    pub version: Version,
    /// The plan; none before it is made.
    pub plan: Option<CohortPlan>,
    /// Sessions by their word.
    pub sessions: BTreeMap<CohortCode, SessionState>,
    /// Members with the day since which each holds a seat.
    pub members: BTreeMap<BeneficiaryId, NaiveDate>,
    /// People who gave a seat back, with the days from and to which each held it. On the last of them the
    /// person may have been there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub former_members: BTreeMap<BeneficiaryId, Vec<Period>>,
    /// Day on which it was closed.
    pub closed_on: Option<NaiveDate>,
    /// Everybody who ever held a seat, with the first day of it: registers count them for good.
    #[serde(skip)]
    pub joined: BTreeMap<BeneficiaryId, NaiveDate>,
    /// Every event so far: the state is folded anew without one that is taken back.
    #[serde(skip)]
    past: Vec<Arc<CohortEvent>>,
    /// The events that were taken back.
    #[serde(skip)]
    retracted: BTreeSet<Sequence>,
}

impl Cohort {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "cohort";

    /// Minutes of all its sessions, held or to come.
    #[must_use]
    pub fn planned_minutes(&self) -> u32 {
        self.sessions.values().map(|session| session.plan.length_minutes()).sum()
    }

    /// Those who held a seat at the end of a day: each of them is on the sheet of its session.
    pub fn members_on(&self, day: NaiveDate) -> impl Iterator<Item = BeneficiaryId> {
        let former = self.former_members.iter().filter(move |(_, held)| {
            held.iter().any(|period| period.from <= day && day < period.to)
        });
        let present = self.members.iter().filter(move |(_, since)| **since <= day);
        present.map(|(member, _)| *member).chain(former.map(|(member, _)| *member))
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &CohortEvent) {
        self.past.push(Arc::new(event.clone()));
        if let CohortFact::CohortFactRetracted(retraction) = &event.fact {
            self.retracted.insert(retraction.sequence);
            self.fold_anew();
        } else {
            self.fold(event);
        }
        self.version = self.version.next();
    }

    /// The events that stand, with their sequences: all but those that were taken back.
    fn standing(&self) -> impl DoubleEndedIterator<Item = (Sequence, &CohortEvent)> {
        let numbered = self.past.iter().enumerate();
        numbered
            .map(|(index, event)| (Sequence::of_index(index), &**event))
            .filter(|(sequence, _)| !self.retracted.contains(sequence))
    }

    fn fold_anew(&mut self) {
        let mut anew = Self::default();
        for (_, event) in self.standing() {
            anew.fold(event);
        }
        let Self { version, past, retracted, .. } = std::mem::take(self);
        *self = Self { version, past, retracted, ..anew };
    }

    fn fold(&mut self, event: &CohortEvent) {
        match &event.fact {
            CohortFact::CohortPlanned(plan) => self.plan = Some(plan.clone()),
            CohortFact::SessionScheduled(plan) => {
                let state = SessionState { plan: plan.clone(), register: None };
                self.sessions.insert(plan.session.clone(), state);
            }
            CohortFact::SeatTaken(seat) => {
                self.members.insert(seat.beneficiary, event.occurred_on);
                let first = self.joined.entry(seat.beneficiary).or_insert(event.occurred_on);
                *first = event.occurred_on.min(*first);
            }
            CohortFact::SeatReturned(seat) => {
                let since = self.members.remove(&seat.beneficiary);
                let until = event.occurred_on;
                if let Some(held) = since.and_then(|since| Period::try_new(since, until).ok()) {
                    self.former_members.entry(seat.beneficiary).or_default().push(held);
                }
            }
            CohortFact::RegisterRecorded(counts) => self.count(counts.clone()),
            CohortFact::RegisterCorrected(correction) => self.count(correction.counts()),
            CohortFact::CohortClosed(_) => self.closed_on = Some(event.occurred_on),
            CohortFact::SessionMoved(moved) => {
                if let Some(session) = self.sessions.get_mut(&moved.session) {
                    session.plan.on = moved.on;
                }
            }
            CohortFact::SessionCancelled(cancelled) => {
                self.sessions.remove(&cancelled.session);
            }
            CohortFact::CohortAmended(amendment) => {
                if let Some(plan) = &mut self.plan {
                    amendment.apply(plan);
                }
            }
            // The state is folded anew without what it takes back.
            CohortFact::CohortFactRetracted(_) => {}
        }
    }

    fn count(&mut self, counts: RegisterCounts) {
        if let Some(session) = self.sessions.get_mut(&counts.session) {
            session.register = Some(counts);
        }
    }
}

crate::aggregate::aggregate!(Cohort, CohortCommand, CohortEvent, decide, |state, event| state
    .take(&event));
