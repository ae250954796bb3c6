//! The rules of a business, its visits and the end of the path.

use chrono::{Days, Months, NaiveDate};

use super::facts::{PathEnd, Start, Visit};
use super::state::BusinessState;
use crate::path::case::Case;
use crate::path::financing::FinancingState;
use crate::path::proposal::Asked;
use crate::path::stage::Status;
use crate::refusal::{Amount, Item, Refusal, Step};
use crate::values::Xof;

/// Number of days before its date in which a milestone's visit may be made.
const VISIT_EARLY_DAYS: u64 = 15;

/// Number of days after its date by which a milestone's visit is on time: what field offices work with, as no source
/// sets it.
pub const VISIT_LATE_DAYS: u32 = 15;

/// No business runs yet, its money was paid or waived, and the training is done.
pub(in crate::path) fn ready_to_start(case: &Case) -> Result<(), Refusal> {
    let business = case.state.business.as_ref();
    if let Some(running) = business.filter(|business| business.closed_on.is_none()) {
        let name = running.sector.to_string();
        return Err(Refusal::Settled { item: Item::Business, name });
    }
    let is_paid = case.state.financings.iter().any(FinancingState::lets_start);
    if !is_paid && case.state.financing_waived_on.is_none() {
        return Err(Refusal::MissingStep { step: Step::Financing });
    }
    // A project does not start before its training is done: a finding of Mali's Auditor-General
    // on a like programme.
    case.state.training.as_ref().map_or(Ok(()), |training| case.not_before(training.on))
}

/// A business is of a sector that the programme knows.
pub(in crate::path) fn check_start(case: &Case, start: &Start) -> Result<(), Refusal> {
    case.check_sector(&start.sector)
}

/// A business has started by that day.
pub(in crate::path) fn started(case: &Case) -> Result<(), Refusal> {
    case.not_before(business(case)?.started_on)
}

fn business<'a>(case: &Case<'a>) -> Result<&'a BusinessState, Refusal> {
    case.state.business.as_ref().ok_or(Refusal::MissingStep { step: Step::BusinessStart })
}

/// A visit of a milestone is made once, for a milestone of the rules of its day or of those that the business started
/// under, by which its visits are due, and not long before it.
pub(in crate::path) fn check_visit(case: &Case, visit: &Visit) -> Result<(), Refusal> {
    let Some(milestone) = visit.milestone else { return Ok(()) };
    let name = milestone.get().to_string();
    let started_under = case.state.business.as_ref().map_or(0, |business| business.rules);
    let is_due = case.programme.rules_of(started_under).follow_up_months.contains(&milestone);
    if !is_due && !case.rules.follow_up_months.contains(&milestone) {
        return Err(Refusal::Unknown { item: Item::Milestone, name, field: "milestone" });
    }
    if case.state.visits.contains_key(&milestone.get()) {
        return Err(Refusal::Differs { item: Item::Milestone, name });
    }
    let due = business(case)?.started_on.checked_add_months(Months::new(milestone.get()));
    let earliest = due.and_then(|due| due.checked_sub_days(Days::new(VISIT_EARLY_DAYS)));
    case.not_before(earliest.unwrap_or(NaiveDate::MAX))
}

/// A business runs, and had started by that day.
pub(in crate::path) fn trading(case: &Case) -> Result<(), Refusal> {
    let business = business(case)?;
    if business.closed_on.is_some() {
        let name = business.sector.to_string();
        return Err(Refusal::Settled { item: Item::Closure, name });
    }
    case.not_before(business.started_on)
}

/// A path does not end with interest owed either, unless a director says why. It is asked of commands
/// alone: paths that ended before interest was followed keep their end.
pub(in crate::path) fn end(asked: &Asked, end: PathEnd) -> Result<PathEnd, Refusal> {
    let financings = &asked.path.state().financings;
    let owed = |part: fn(&FinancingState) -> Xof| financings.iter().map(part).sum::<Xof>();
    let (principal, given) = (owed(FinancingState::owed), owed(FinancingState::owed_in_all));
    let ended = asked.path.state().status == Status::Completed;
    // Where principal is owed the rule on the fact says so, in its turn.
    if end.override_reason.is_some() || principal > Xof::ZERO || given == Xof::ZERO || ended {
        return Ok(end);
    }
    Err(Refusal::TooMuch { what: Amount::LeftOwed, limit: Xof::ZERO, given })
}

/// A path ends after its last visit and with nothing owed, unless a director says why.
pub(in crate::path) fn check_end(case: &Case, end: &PathEnd) -> Result<(), Refusal> {
    if end.override_reason.is_some() {
        return Ok(());
    }
    let last = case.rules.final_milestone();
    if last.is_some_and(|last| !case.state.visits.contains_key(&last)) {
        return Err(Refusal::MissingStep { step: Step::FinalVisit });
    }
    let owed: Xof = case.state.financings.iter().map(FinancingState::owed).sum();
    if owed > Xof::ZERO {
        let given = case.state.financings.iter().map(FinancingState::owed_in_all).sum();
        return Err(Refusal::TooMuch { what: Amount::LeftOwed, limit: Xof::ZERO, given });
    }
    Ok(())
}
