//! The gate: whether a command may be given to a cohort now, whatever its body says.

use chrono::NaiveDate;

use super::Cohort;
use super::command::{CohortVerb as Verb, SESSIONS_MAX};
use crate::context::Context;
use crate::programme::Programme;
use crate::refusal::{Item, Refusal, check_items, no_command};

/// Asks whether a command may be given now, whatever its body says. The rules are those that [`super::decide`] and
/// [`super::take_register`] ask first; a command that has already happened is answered there all the
/// same.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Unknown`] for a word that is no command.
pub fn gate(cohort: &Cohort, word: &str, context: &Context) -> Result<(), Refusal> {
    let verb = Verb::of(word).ok_or_else(|| no_command(word))?;
    if verb == Verb::RecordRegister {
        return check_register(cohort);
    }
    check(cohort, verb, context.day()?, &context.programme)
}

pub(super) fn check(
    cohort: &Cohort,
    verb: Verb,
    on: NaiveDate,
    programme: &Programme,
) -> Result<(), Refusal> {
    if verb == Verb::PlanCohort {
        return check_unplanned(cohort, on, programme);
    }
    let plan = cohort.plan.as_ref().ok_or(Refusal::NotRegistered)?;
    let waits = |closed: NaiveDate| {
        let mut sessions = cohort.sessions.values();
        verb == Verb::RecordRegister
            && sessions.any(|session| session.register.is_none() && session.plan.on <= closed)
    };
    // What is wrong is put right after the end too.
    match verb {
        Verb::CorrectRegister => return check_correction(cohort),
        Verb::Retract => return Ok(()),
        _ => {}
    }
    if cohort.closed_on.is_some_and(|closed| !waits(closed)) {
        return Err(Refusal::Settled { item: Item::Cohort, name: plan.code.to_string() });
    }
    match verb {
        Verb::ScheduleSession => check_items(cohort.sessions.len() + 1, SESSIONS_MAX),
        Verb::CloseCohort if on < plan.period.from => {
            Err(Refusal::OutsidePeriod { item: Item::Cohort, period: plan.period, given: on })
        }
        Verb::RecordRegister | Verb::MoveSession | Verb::CancelSession
            if cohort.sessions.is_empty() =>
        {
            Err(Refusal::none_open(Item::Session, "session", []))
        }
        Verb::PlanCohort
        | Verb::CloseCohort
        | Verb::RecordRegister
        | Verb::CorrectRegister
        | Verb::MoveSession
        | Verb::CancelSession
        | Verb::AmendCohort
        | Verb::Retract => Ok(()),
    }
}

/// A register is of its session's day, so that the day of recording is not asked.
pub(super) fn check_register(cohort: &Cohort) -> Result<(), Refusal> {
    check(cohort, Verb::RecordRegister, NaiveDate::MAX, &Programme::default())
}

/// There is a register that could be put right.
pub(super) fn check_correction(cohort: &Cohort) -> Result<(), Refusal> {
    cohort.plan.as_ref().ok_or(Refusal::NotRegistered)?;
    if cohort.sessions.values().any(|session| session.register.is_some()) {
        return Ok(());
    }
    Err(Refusal::none_open(Item::Register, "session", []))
}

/// A cohort is planned once, and on a day within its programme's term.
fn check_unplanned(cohort: &Cohort, on: NaiveDate, programme: &Programme) -> Result<(), Refusal> {
    if let Some(standing) = &cohort.plan {
        return Err(Refusal::Differs { item: Item::Cohort, name: standing.code.to_string() });
    }
    // Without a term the programme is not known, which the plan's own rule names.
    programme.check_term(on)
}
