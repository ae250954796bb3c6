//! The beneficiary's path, from idea to follow-up.
//!
//! Each stage is a folder (`idea`, recruitment, training, financing, follow-up, and `any` for
//! what every stage may ask) with the bodies of its commands and facts, its part of the state, and
//! its rules. The table of `fact.rs` says for each fact which of these hold, and the one of
//! `command.rs` which commands there are and which fact each leads to.
//!
//! [`decide()`] takes a command to events: it asks the [`gate()`], looks whether the command has already
//! happened, builds the fact, and asks [`may_follow`] of it. Rules are kept on facts, not on
//! commands, so that the same rules judge a retraction and an audit.

mod admission;
mod any;
mod case;
mod command;
mod decide;
mod declare;
mod event;
mod fact;
pub mod facts;
mod financing;
mod follow_up;
mod idea;
mod proposal;
mod recruitment;
mod retention;
mod retract;
mod retry;
mod risk;
mod stage;
mod state;
mod training;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use any::{Actions, DocumentState, GrievanceState, link, unlink};
pub use command::{BENEFICIARY_COMMANDS, BeneficiaryCommand, BeneficiaryVerb};
pub use decide::{decide, gate, lawful, may_follow};
pub use event::BeneficiaryEvent;
pub use fact::{FACTS, Fact};
pub use financing::{
    Award, FinancingState, Loan, LoanStanding, PaidBack, PaidTranche, PlanState, RequestedFinancing,
};
pub use follow_up::{BusinessState, VisitState};
pub use idea::RegistrationState;
pub use recruitment::{EligibilityState, InterviewState, SelectionState};
pub use retention::{Retained, past_retention};
pub use risk::{LoanRisk, PAR_DAYS, portfolio_at_risk};
pub use stage::{Stage, Status};
pub use state::{Signed, State};
pub use training::{AssessmentState, CompletionState, EnrolmentState, SessionAttendance};

/// A beneficiary: the state and the events that it is folded from.
///
/// The events are kept because a retraction folds the state again without the retracted event.
/// Sequences count from 1: the event of sequence `n` is `past[n - 1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beneficiary {
    state: State,
    past: Vec<Arc<BeneficiaryEvent>>,
    retracted: BTreeSet<u64>,
}

impl Beneficiary {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "beneficiary";

    /// The state that the standing events add up to.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Sequence of the last event; 0 before the first.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.past.len() as u64
    }

    /// Every event so far, the retracted ones included, in order.
    #[must_use]
    pub fn past(&self) -> &[Arc<BeneficiaryEvent>] {
        &self.past
    }

    /// Tells whether the event of this sequence has been retracted.
    #[must_use]
    pub fn is_retracted(&self, sequence: u64) -> bool {
        self.retracted.contains(&sequence)
    }

    /// The events that stand, with their sequences: all but the retracted ones.
    #[must_use]
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = (u64, &BeneficiaryEvent)> {
        let numbered =
            self.past.iter().enumerate().map(|(index, event)| (index as u64 + 1, &**event));
        numbered.filter(|(sequence, _)| !self.retracted.contains(sequence))
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: BeneficiaryEvent) {
        self.state.note_keys(&event);
        if let Fact::Retracted(retraction) = &event.fact {
            self.retracted.insert(retraction.sequence);
            self.past.push(Arc::new(event));
            self.state = self.fold_without(&self.retracted);
        } else {
            self.state.fold(&event);
            self.past.push(Arc::new(event));
        }
    }

    /// The state as it would stand without some events.
    fn fold_without(&self, left_out: &BTreeSet<u64>) -> State {
        let mut state = State { keys: self.state.keys.clone(), ..State::default() };
        for (sequence, event) in (1..).zip(&self.past) {
            if !left_out.contains(&sequence) {
                state.fold(event);
            }
        }
        state
    }
}

crate::aggregate::aggregate!(
    Beneficiary,
    BeneficiaryCommand,
    BeneficiaryEvent,
    decide,
    Beneficiary::take
);
