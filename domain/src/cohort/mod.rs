//! The cohort: a training group with its seats, sessions and registers.

mod command;
mod event;
mod gate;
mod register;
mod seat;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use command::{COHORT_COMMANDS, CohortCommand, CohortVerb, decide, lawful};
pub use event::{
    COHORT_FACTS, Closing, CohortCode, CohortEvent, CohortFact, CohortPlan, RegisterCounts,
    SEATS_MAX, Seat, SessionPlan,
};
pub use gate::gate;
pub use register::{Register, Sheet, SheetLine, take_register};
pub use seat::of_path;

use crate::values::BeneficiaryId;

/// A session and its register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// The session as it was scheduled.
    #[serde(flatten)]
    pub plan: SessionPlan,
    /// Its register, once it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register: Option<RegisterCounts>,
}

/// A cohort. All of it is derived from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cohort {
    /// Sequence of the last event; 0 before the first.
    pub version: u64,
    /// The plan; none before it is made.
    pub plan: Option<CohortPlan>,
    /// Sessions by their word.
    pub sessions: BTreeMap<CohortCode, SessionState>,
    /// Who holds a seat, since when.
    pub members: BTreeMap<BeneficiaryId, NaiveDate>,
    /// Day on which it was closed.
    pub closed_on: Option<NaiveDate>,
}

impl Cohort {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "cohort";

    /// Takes the next event in.
    pub fn take(&mut self, event: &CohortEvent) {
        self.version += 1;
        match &event.fact {
            CohortFact::CohortPlanned(plan) => self.plan = Some(plan.clone()),
            CohortFact::SessionScheduled(plan) => {
                let state = SessionState { plan: plan.clone(), register: None };
                self.sessions.insert(plan.session.clone(), state);
            }
            CohortFact::SeatTaken(seat) => {
                self.members.insert(seat.beneficiary, event.occurred_on);
            }
            CohortFact::SeatReturned(seat) => {
                self.members.remove(&seat.beneficiary);
            }
            CohortFact::RegisterRecorded(counts) => {
                if let Some(session) = self.sessions.get_mut(&counts.session) {
                    session.register = Some(counts.clone());
                }
            }
            CohortFact::CohortClosed(_) => self.closed_on = Some(event.occurred_on),
        }
    }
}

crate::aggregate::aggregate!(Cohort, CohortCommand, CohortEvent, decide, |state, event| state
    .take(&event));
