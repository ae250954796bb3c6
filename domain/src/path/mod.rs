//! The beneficiary's path, from idea to follow-up.
//!
//! Each stage is a folder (`idea`, recruitment, training, financing, follow-up, and `any` for
//! what every stage may ask) with the bodies of its commands and facts, its part of the state, and
//! its rules. The table of `fact.rs` says for each fact which of these hold, and the one of
//! `command.rs` which commands there are and which fact each leads to.
//!
//! [`decide()`] takes a command to events: it asks the [`gate()`] and keeps the answer, builds the fact, and
//! looks whether it has already happened, for a retry is answered even where the gate has closed since.
//! Only then the gate's refusal counts, and [`may_follow`] is asked of the event. Rules are kept on facts,
//! not on commands, so that the same rules judge a retraction and an audit.
//!
//! A new fact begins in `fact.rs`, a row of the table; `event.rs` is only the envelope around it.

mod admission;
mod any;
mod case;
mod command;
mod corrected;
mod decide;
mod declare;
mod event;
mod fact;
pub mod facts;
mod financing;
mod follow_up;
mod idea;
mod order;
mod past;
mod plausible;
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
use sira_numbers::{Sequence, Version};

use crate::values::Reference;

pub use any::{
    Actions, DocumentState, GrievanceState, HandoverState, ReferralState, judge_pair, link, unlink,
};
pub use command::{BENEFICIARY_COMMANDS, BeneficiaryCommand, BeneficiaryVerb};
pub use corrected::AsCorrected;
pub use decide::{decide, gate, lawful, may_follow};
pub use event::BeneficiaryEvent;
pub use fact::{FACTS, Fact};
pub use financing::{
    Award, DuePart, FinancingState, Loan, LoanBalance, LoanBook, LoanMove, LoanStanding,
    OtherPayment, PaidBack, PaidTranche, PlanState, RequestedFinancing, ReversedPayment,
};
pub use follow_up::{BusinessState, VISIT_LATE_DAYS, VisitState};
pub use idea::RegistrationState;
pub use plausible::{Warning, warnings};
pub use recruitment::{EligibilityState, InterviewState, SelectionState};
pub use retention::{Retained, past_retention, still_runs};
pub use risk::{LoanRisk, PAR_DAYS};
pub use stage::{ClosedBecause, Stage, Status};
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
    retracted: BTreeSet<Sequence>,
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
    pub fn version(&self) -> Version {
        Version::of_count(self.past.len() as u64)
    }

    /// The reference that the path was given, also after its registration was retracted; none before it.
    #[must_use]
    pub fn reference(&self) -> Option<Reference> {
        let standing = self.state.registration.as_ref().map(|registration| registration.reference);
        let given = || {
            self.past.iter().rev().find_map(|event| match &event.fact {
                Fact::Registered(registration) => Some(registration.reference),
                _ => None,
            })
        };
        standing.or_else(given)
    }

    /// Every event so far, the retracted ones included, in order.
    #[must_use]
    pub fn past(&self) -> &[Arc<BeneficiaryEvent>] {
        &self.past
    }

    /// Tells whether the event of this sequence has been retracted.
    #[must_use]
    pub fn is_retracted(&self, sequence: Sequence) -> bool {
        self.retracted.contains(&sequence)
    }

    /// The events that stand, with their sequences: all but the retracted ones.
    #[must_use]
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = (Sequence, &BeneficiaryEvent)> {
        let numbered = self
            .past
            .iter()
            .enumerate()
            .map(|(index, event)| (Sequence::of_index(index), &**event));
        numbered.filter(|(sequence, _)| !self.retracted.contains(sequence))
    }

    /// Tells whether a command takes back the transfer that waits to be accepted.
    #[must_use]
    pub fn takes_handover_back(&self, command: &BeneficiaryCommand) -> bool {
        let BeneficiaryCommand::Retract(retraction) = command else { return false };
        let is_transfer = |event: &BeneficiaryEvent| matches!(event.fact, Fact::Transferred(_));
        let last = self.standing().rev().find(|(_, event)| is_transfer(event));
        self.state.handover.is_some()
            && last.is_some_and(|(sequence, _)| sequence == retraction.sequence)
    }

    /// The event of this sequence, retracted or not; none before the first or after the last.
    fn event(&self, sequence: Sequence) -> Option<&BeneficiaryEvent> {
        sequence.index().and_then(|index| self.past.get(index)).map(Arc::as_ref)
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: BeneficiaryEvent) {
        self.state.note_keys(&event);
        if let Fact::Retracted(retraction) = &event.fact {
            self.retracted.insert(retraction.sequence);
        }
        let reaches_back =
            matches!(event.fact, Fact::Retracted(_) | Fact::RegistrationCorrected(_));
        if !reaches_back {
            self.state.fold(&event);
        }
        self.past.push(Arc::new(event));
        if reaches_back {
            self.state = self.fold_standing();
        }
    }

    /// The state that the standing events add up to, as later ones among them correct them.
    fn fold_standing(&self) -> State {
        let mut state = self.unfolded();
        let mut corrected = AsCorrected::by(self.standing());
        for (sequence, event) in self.standing() {
            state.fold(&corrected.read(sequence, event));
        }
        state
    }

    /// The state before the first event. The keys are of retracted events too.
    fn unfolded(&self) -> State {
        State { keys: self.state.keys.clone(), ..State::default() }
    }
}

crate::aggregate::aggregate!(
    Beneficiary,
    BeneficiaryCommand,
    BeneficiaryEvent,
    decide,
    Beneficiary::take
);
