//! Taking back what was recorded in error in a stream that belongs to no person: a programme, a cohort, a
//! fund. The event stays in the stream, and the state is folded without it: see decision 24. What is refused
//! of it is said of a path in the same words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::Sequence;

use crate::context::Context;
use crate::refusal::{Item, Refusal};
use crate::role::Role;
use crate::values::{ActorId, Text};

/// Types of events that take another event of their stream back, by its sequence.
pub const RETRACTIONS: [&str; 4] =
    ["Retracted", "ProgrammeFactRetracted", "CohortFactRetracted", "FundFactRetracted"];

/// Tells whether events of a type take another event of their stream back.
#[must_use]
pub fn is_retraction(event_type: &str) -> bool {
    RETRACTIONS.contains(&event_type)
}

/// A reason in clear. These streams have no person's key that it could be sealed under, so nobody is named in
/// it.
pub type ClearReason = Text<300>;

/// Takes back an event of a programme, a cohort or a fund that was recorded in error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearRetraction {
    /// Sequence of the event in this stream.
    pub sequence: Sequence,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// Refuses whoever neither recorded an event nor is a director.
pub(crate) fn check_author(by: &ActorId, context: &Context) -> Result<(), Refusal> {
    if *by == context.actor || context.role == Role::Director {
        return Ok(());
    }
    Err(Refusal::NeedsRole { role: Role::Director })
}

/// A sequence under which nothing stands that could be taken back.
pub(crate) fn no_event(sequence: Sequence) -> Refusal {
    Refusal::Unknown { item: Item::Event, name: sequence.to_string(), field: "sequence" }
}

/// What a later event says of the one that would be taken back.
pub(crate) fn rests_on(sequence: Sequence, event: &'static str, because: Refusal) -> Refusal {
    Refusal::RestsOn { sequence, event, because: Box::new(because) }
}
