//! What reaches back. Retraction: an event recorded in error stays in the stream, and the state is folded
//! without it. Correction: a registration is folded as if it had said what it should have. Every later event is
//! asked again.

use sira_numbers::Sequence;

use super::corrected::{AsCorrected, registration_by};
use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::facts::RegistrationCorrection;
use super::idea::correction;
use super::{Beneficiary, State, lawful};
use crate::context::Context;
use crate::refusal::Refusal;
use crate::retraction::{check_author, no_event, rests_on};

/// Asks whether the event of `sequence` may be retracted: by its author or a director, and only if
/// every event that came later would still have been allowed without it.
pub(super) fn check(
    path: &Beneficiary,
    sequence: Sequence,
    context: &Context,
) -> Result<(), Refusal> {
    let target = path.event(sequence).ok_or_else(|| no_event(sequence))?;
    // What another stream tells of too (money in a fund, a seat in a cohort, a duplicate) is corrected
    // by the command that undoes it in both.
    if !target.fact.kind().admission().is_retractable() {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
    check_author(&target.by, context)?;
    check_later_events(path, sequence, context)
}

/// An exit that gave a seat back told the training group of it.
fn returned_seat(fact: &Fact) -> bool {
    matches!(fact, Fact::Exited(exit) if exit.seat.is_some())
}

/// A refusal that came after an approval gave the money back to the fund.
fn released_money(state: &State, fact: &Fact) -> bool {
    let Fact::FinancingRefused(refusal) = fact else { return false };
    state.financing(refusal.financing).is_some_and(|financing| financing.award().is_some())
}

fn check_later_events(
    path: &Beneficiary,
    sequence: Sequence,
    context: &Context,
) -> Result<(), Refusal> {
    let target = path.event(sequence);
    let is_correction =
        target.is_some_and(|target| matches!(target.fact, Fact::RegistrationCorrected(_)));
    // What was retracted before does not stand either: nothing may rest on it.
    let left: Vec<_> = path.standing().filter(|(other, _)| *other != sequence).collect();
    // A correction was in force since the registration, and not since its own place.
    let since = if is_correction { registered_at(&left) } else { sequence };
    let corrected = AsCorrected::by(left.iter().copied());
    let state = fold_until(path, &left, corrected.clone(), since);
    let is_told = |fact: &Fact| returned_seat(fact) || released_money(&state, fact);
    if let Some(target) = target.filter(|target| is_told(&target.fact)) {
        return Err(Refusal::NotRetractable { sequence, event: target.fact.event_type() });
    }
    check_corrections(&left, sequence)?;
    judge_again(path, &left, corrected, since, context)
}

/// Asks whether what followed a registration would have been lawful had it said what a correction says.
///
/// # Errors
/// [`Refusal::RestsOn`] with the first event that would not; or what is wrong with the correction itself.
pub(super) fn check_correction(
    path: &Beneficiary,
    correction: &RegistrationCorrection,
    context: &Context,
) -> Result<(), Refusal> {
    correction::check(registration_by(path.standing()).as_ref(), correction)?;
    let left: Vec<_> = path.standing().collect();
    let next = path.version().next_sequence();
    let corrected = AsCorrected::by(left.iter().copied()).and(next, correction);
    judge_again(path, &left, corrected, registered_at(&left), context)
}

/// The place of the registration that stands.
fn registered_at(standing: &[(Sequence, &BeneficiaryEvent)]) -> Sequence {
    let is_one = |event: &BeneficiaryEvent| matches!(event.fact, Fact::Registered(_));
    let found = standing.iter().rev().find(|(_, event)| is_one(event));
    found.map_or(Sequence::FIRST, |(sequence, _)| *sequence)
}

fn fold_until(
    path: &Beneficiary,
    standing: &[(Sequence, &BeneficiaryEvent)],
    mut corrected: AsCorrected,
    until: Sequence,
) -> State {
    let mut state = path.unfolded();
    for (sequence, event) in standing.iter().filter(|(sequence, _)| *sequence < until) {
        state.fold(&corrected.read(*sequence, event));
    }
    state
}

/// Asks every event after `since` again whether it may follow those before it, as they are corrected.
fn judge_again(
    path: &Beneficiary,
    standing: &[(Sequence, &BeneficiaryEvent)],
    mut corrected: AsCorrected,
    since: Sequence,
    context: &Context,
) -> Result<(), Refusal> {
    let mut state = path.unfolded();
    for (sequence, event) in standing {
        let event = corrected.read(*sequence, event);
        // Earlier retractions were judged when they were made, and corrections are judged by what the
        // registration said before them.
        let is_of_others =
            matches!(event.fact, Fact::Retracted(_) | Fact::RegistrationCorrected(_));
        if *sequence > since && !is_of_others {
            lawful(&state, &event, &context.programme, context.subject)
                .map_err(|because| rests_on(*sequence, event.fact.event_type(), because))?;
        }
        state.fold(&event);
    }
    Ok(())
}

/// Asks every correction after `since` whether it still tells what the registration said.
fn check_corrections(
    standing: &[(Sequence, &BeneficiaryEvent)],
    since: Sequence,
) -> Result<(), Refusal> {
    for (place, (sequence, event)) in standing.iter().enumerate() {
        if let Fact::RegistrationCorrected(correction) = &event.fact
            && *sequence > since
        {
            let said = registration_by(standing[..place].iter().copied());
            correction::check(said.as_ref(), correction)
                .map_err(|because| rests_on(*sequence, event.fact.event_type(), because))?;
        }
    }
    Ok(())
}
