//! The order of days: a fact is not of a day before what it rests on. What each kind rests on is said in
//! the table of `fact.rs`; that it is there at all is asked by the kind's own rules. The order is asked of
//! commands alone, retractions among them: a journal from before it was asked stays lawful.

use chrono::NaiveDate;
use sira_numbers::Sequence;

use super::Beneficiary;
use super::event::BeneficiaryEvent;
use super::fact::{Fact, FactKind};
use super::facts::Decision;
use crate::refusal::Refusal;
use crate::retraction::rests_on;

/// What a fact rests on, of those that stand and were recorded before it.
#[derive(Clone, Copy, Debug)]
pub(super) enum RestsOn {
    /// The earliest of a kind: what came later of it renews or repeats.
    First(FactKind),
    /// The last that was recorded, which replaced those before.
    Last(FactKind),
    /// Every one: they add up.
    Every(FactKind),
}

/// Asks whether a fact that is to follow is of no day before what it rests on, and whether a retraction
/// leaves every later fact so.
///
/// # Errors
/// [`Refusal::TooEarly`] with the first day that would do; [`Refusal::RestsOn`] of a retraction.
pub(super) fn check(path: &Beneficiary, event: &BeneficiaryEvent) -> Result<(), Refusal> {
    if let Fact::Retracted(retraction) = &event.fact {
        return check_retraction(path, retraction.sequence);
    }
    check_after(event, || path.standing().map(|(_, past)| past))
}

/// Asks whether every later fact is still in its order without the event of `sequence`. One that was out of
/// it before does not forbid the retraction.
///
/// # Errors
/// [`Refusal::RestsOn`] with the first fact that would precede what it rests on.
fn check_retraction(path: &Beneficiary, sequence: Sequence) -> Result<(), Refusal> {
    let mut with = Vec::new();
    let mut without = Vec::new();
    for (number, event) in path.standing() {
        if number > sequence && check_after(event, || with.iter().copied()).is_ok() {
            check_after(event, || without.iter().copied())
                .map_err(|because| rests_on(number, event.fact.event_type(), because))?;
        }
        with.push(event);
        if number != sequence {
            without.push(event);
        }
    }
    Ok(())
}

/// Asks it of one event and those before it, which are gone through once for each thing it rests on.
fn check_after<'a, I: DoubleEndedIterator<Item = &'a BeneficiaryEvent>>(
    event: &BeneficiaryEvent,
    before: impl Fn() -> I,
) -> Result<(), Refusal> {
    let rests_on = event.fact.kind().admission().rests_on;
    let earliest =
        rests_on.iter().filter_map(|ground| day_of(*ground, &event.fact, before())).max();
    match earliest.filter(|earliest| event.occurred_on < *earliest) {
        Some(earliest) => {
            Err(Refusal::TooEarly { field: "occurred_on", given: event.occurred_on, earliest })
        }
        None => Ok(()),
    }
}

/// The first day that one ground allows; none where there is none of its kind.
fn day_of<'a>(
    ground: RestsOn,
    asked: &Fact,
    before: impl DoubleEndedIterator<Item = &'a BeneficiaryEvent>,
) -> Option<NaiveDate> {
    let (RestsOn::First(kind) | RestsOn::Last(kind) | RestsOn::Every(kind)) = ground;
    let mut days = before
        .filter(|past| past.fact.kind() == kind && bears(asked, &past.fact))
        .map(|past| past.occurred_on);
    match ground {
        RestsOn::First(_) => days.min(),
        RestsOn::Last(_) => days.next_back(),
        RestsOn::Every(_) => days.max(),
    }
}

/// Tells whether a fact of a kind that another rests on is one that bears it.
fn bears(asked: &Fact, past: &Fact) -> bool {
    match (asked, past) {
        (Fact::Reopened(_), Fact::SelectionDecided(past)) => past.decision == Decision::NotSelected,
        (Fact::Reopened(_), Fact::EligibilityAssessed(past)) => !past.eligible,
        (_, Fact::SelectionDecided(past)) => past.decision == Decision::Selected,
        // A draw takes the place of the interview.
        (Fact::SelectionDecided(asked), Fact::InterviewRecorded(_)) => {
            asked.method.code() != "lottery"
        }
        (Fact::BusinessPlanValidated(asked), Fact::BusinessPlanSubmitted(past)) => {
            asked.plan == Some(past.plan)
        }
        (Fact::GrievanceResolved(asked), Fact::GrievanceLodged(past)) => {
            asked.grievance == past.grievance
        }
        (Fact::ReferralOutcomeRecorded(asked), Fact::ReferredToPartner(past)) => {
            asked.referral == past.referral
        }
        (Fact::ConsentWithdrawn(asked), Fact::ConsentRecorded(past)) => asked.scope == past.scope,
        _ => true,
    }
}
