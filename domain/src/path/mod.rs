//! The beneficiary's path, from idea to follow-up.
//!
//! [`decide()`] takes a command to events: it looks first whether the command has already happened,
//! then builds the facts ([`BeneficiaryEvent`]), then asks [`lawful`] of each. Rules are thus kept
//! on events, not on commands, and the same rules judge a retraction and an audit.

mod command;
mod decide;
mod duplicate;
mod eligibility;
mod event;
pub mod facts;
mod lawful;
mod money;
mod retention;
mod retract;
mod risk;
mod stage;
mod state;

use std::collections::BTreeSet;
use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

pub use command::{BENEFICIARY_COMMANDS, BeneficiaryCommand};
pub use decide::{decide, may_follow};
pub use duplicate::{link, unlink};
pub use event::{BeneficiaryEvent, FACTS, Fact};
pub use lawful::lawful;
pub use retention::{Retained, past_retention};
pub use risk::{LoanRisk, PAR_DAYS, portfolio_at_risk};
pub use stage::{Stage, Status};
pub use state::{
    Actions, AssessmentState, BusinessState, CompletionState, DocumentState, EligibilityState,
    EnrolmentState, FinancingState, GrievanceState, InterviewState, LoanStanding, PaidBack,
    PaidTranche, PlanState, RegistrationState, SelectionState, SessionState, Signed, State,
    VisitState,
};

use crate::context::Context;
use crate::refusal::Refusal;

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

    /// Where the path stands.
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

    /// Whether the event of this sequence has been retracted.
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

impl Aggregate for Beneficiary {
    const TYPE: &'static str = Self::TYPE;
    type Command = BeneficiaryCommand;
    type Event = BeneficiaryEvent;
    type Error = Refusal;
    type Services = Context;

    async fn handle(
        &mut self,
        command: Self::Command,
        context: &Context,
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in decide(self, command, context)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        self.take(event);
    }
}
