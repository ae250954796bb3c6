//! Retraction: an event recorded in error stays in the stream, and the state is folded without it.

use std::collections::BTreeSet;

use super::fact::Fact;
use super::{Beneficiary, State, lawful};
use crate::context::Context;
use crate::refusal::{Item, Refusal};
use crate::role::Role;

/// Asks whether the event of `sequence` may be retracted: by its author or a director, and only if
/// every event that came later would still have been allowed without it.
pub(super) fn check(path: &Beneficiary, sequence: u64, context: &Context) -> Result<(), Refusal> {
    let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
    let target = index.and_then(|index| path.past().get(index)).ok_or_else(|| {
        Refusal::Unknown { item: Item::Event, name: sequence.to_string(), field: "sequence" }
    })?;
    // What another stream tells of too (money in a fund, a seat in a cohort, a duplicate) is corrected
    // by the command that undoes it in both.
    if !target.fact.kind().admission().is_retractable() {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
    if target.by != context.actor && context.role != Role::Director {
        return Err(Refusal::NeedsRole { role: Role::Director });
    }
    check_later_events(path, sequence, context)
}

/// A refusal that came after an approval gave the money back to the fund.
fn released_money(state: &State, fact: &Fact) -> bool {
    let Fact::FinancingRefused(refusal) = fact else { return false };
    state.financing(refusal.financing).is_some_and(|financing| financing.award().is_some())
}

fn check_later_events(path: &Beneficiary, sequence: u64, context: &Context) -> Result<(), Refusal> {
    let left_out: BTreeSet<u64> = (sequence..=path.version()).collect();
    let mut state = path.fold_without(&left_out);
    let target = path.past().get(usize::try_from(sequence - 1).unwrap_or(usize::MAX));
    if let Some(target) = target.filter(|target| released_money(&state, &target.fact)) {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
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
