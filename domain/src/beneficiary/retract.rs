//! Retraction: an event recorded in error stays in the stream, and the state is folded without it.

use std::collections::BTreeSet;

use super::event::Fact;
use super::{Beneficiary, lawful};
use crate::context::Context;
use crate::refusal::{Item, Refusal};
use crate::role::Role;

/// Whether the event of `sequence` may be retracted: by its author or a director, and only if
/// every event that came later would still have been allowed without it.
pub(super) fn check(path: &Beneficiary, sequence: u64, context: &Context) -> Result<(), Refusal> {
    let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
    let target = index.and_then(|index| path.past().get(index)).ok_or_else(|| {
        Refusal::Unknown { item: Item::Event, name: sequence.to_string(), field: "sequence" }
    })?;
    if !is_retractable(&target.fact) {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
    if target.by != context.actor && context.role != Role::Director {
        return Err(Refusal::NeedsRole { role: Role::Director });
    }
    check_later_events(path, sequence, context)
}

/// A retraction is not retracted (the fact is recorded anew), a destroyed key does not come back,
/// and money that moved is corrected by money that moves, since a fund's stream tells of it too.
fn is_retractable(fact: &Fact) -> bool {
    !matches!(
        fact,
        Fact::Retracted(_)
            | Fact::PersonalDataErased(_)
            | Fact::FinancingApproved(_)
            | Fact::DisbursementRecorded(_)
            | Fact::RepaymentRecorded(_)
    )
}

fn check_later_events(path: &Beneficiary, sequence: u64, context: &Context) -> Result<(), Refusal> {
    let left_out: BTreeSet<u64> = (sequence..=path.version()).collect();
    let mut state = path.fold_without(&left_out);
    for (later, event) in path.standing().filter(|(later, _)| *later > sequence) {
        // Earlier retractions were judged when they were made.
        if !matches!(event.fact, Fact::Retracted(_)) {
            lawful(&state, event, &context.programme, context.subject).map_err(|because| {
                Refusal::RestsOn {
                    sequence: later,
                    event: event.fact.event_type(),
                    because: Box::new(because),
                }
            })?;
        }
        state.fold(event);
    }
    Ok(())
}
