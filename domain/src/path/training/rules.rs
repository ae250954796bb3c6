//! The rules of training, and the facts that its commands lead to.

use super::facts::{
    Assessment, Attendance, Completion, ModuleScore, Recognition, SeatReturn, TrainingBasis,
    Withdrawal,
};
use crate::path::any::status::Nothing;
use crate::path::case::Case;
use crate::path::decide::Asked;
use crate::path::fact::Fact;
use crate::path::state::State;
use crate::programme::Rules;
use crate::refusal::{Item, Quantity, Refusal, Step};
use crate::values::CohortId;

/// A first seat, or one after the last was given back.
pub(in crate::path) fn without_seat(case: &Case) -> Result<(), Refusal> {
    match &case.state.enrolment {
        Some(seat) => Err(Refusal::Settled { item: Item::Seat, name: seat.cohort.to_string() }),
        None => Ok(()),
    }
}

/// Gives back the seat that the path holds.
pub(in crate::path) fn return_seat(
    asked: &Asked,
    request: SeatReturn,
) -> Result<Withdrawal, Refusal> {
    Ok(Withdrawal { cohort: cohort_left(asked)?, comment: request.comment })
}

/// The cohort whose seat is given back; in a retry, the one that was given back last.
fn cohort_left(asked: &Asked) -> Result<CohortId, Refusal> {
    if let Some(seat) = &asked.path.state().enrolment {
        return Ok(seat.cohort);
    }
    let last = asked.path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::TrainingWithdrawn(withdrawal) if event.by == asked.context.actor => {
            Some(withdrawal.cohort)
        }
        _ => None,
    });
    last.ok_or(Refusal::MissingStep { step: Step::Enrolment })
}

/// There is a seat, not used for an attended training yet, and taken by that day.
pub(in crate::path) fn seat_to_return(case: &Case) -> Result<(), Refusal> {
    let seat = case.state.enrolment.as_ref();
    let seat = seat.ok_or(Refusal::MissingStep { step: Step::Enrolment })?;
    let training = case.state.training.as_ref();
    if training.is_some_and(|training| !training.completion.is_recognised()) {
        return Err(Refusal::Settled { item: Item::Training, name: seat.cohort.to_string() });
    }
    case.not_before(seat.on)
}

/// The seat given back is the one that the path holds.
pub(in crate::path) fn check_withdrawal(
    case: &Case,
    withdrawal: &Withdrawal,
) -> Result<(), Refusal> {
    if case.state.enrolment.as_ref().is_some_and(|seat| seat.cohort == withdrawal.cohort) {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "cohort", other: "enrolment" })
}

/// A session is recorded once and has a length.
pub(in crate::path) fn check_attendance(
    case: &Case,
    attendance: &Attendance,
) -> Result<(), Refusal> {
    if case.state.sessions.contains_key(&attendance.session) {
        let name = attendance.session.to_string();
        return Err(Refusal::Differs { item: Item::Session, name });
    }
    if attendance.length_minutes() == 0 {
        return Err(Refusal::Disagree { field: "hours", other: "minutes" });
    }
    Ok(())
}

/// Judges a module's score by the pass mark of the day.
pub(in crate::path) fn assess_module(asked: &Asked, score: ModuleScore) -> Assessment {
    let passed = score.score >= asked.rules.assessment_pass_mark;
    Assessment { module: score.module, score: score.score, passed }
}

/// A module is one of the programme's, judged by its pass mark.
pub(in crate::path) fn check_assessment(
    case: &Case,
    assessment: &Assessment,
) -> Result<(), Refusal> {
    if !case.rules.modules.contains(&assessment.module) {
        let name = assessment.module.to_string();
        return Err(Refusal::Unknown { item: Item::Module, name, field: "module" });
    }
    if assessment.passed == (assessment.score >= case.rules.assessment_pass_mark) {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "passed", other: "score" })
}

/// Completes the training attended, with its minutes.
pub(in crate::path) fn complete(asked: &Asked, _: Nothing) -> Completion {
    let state = asked.path.state();
    Completion {
        basis: TrainingBasis::Attended,
        attended_minutes: Some(attended_minutes(state)),
        planned_minutes: Some(planned_minutes(state, asked.rules)),
        modules: asked.rules.modules.clone(),
        proof: None,
        reason: None,
    }
}

/// Recognises a training done elsewhere or before the system, with its proof.
pub(in crate::path) fn recognise(_: &Asked, recognition: Recognition) -> Completion {
    Completion {
        basis: TrainingBasis::Recognised,
        attended_minutes: None,
        planned_minutes: None,
        modules: recognition.modules,
        proof: Some(recognition.proof),
        reason: Some(recognition.reason),
    }
}

/// Attendance and modules reach what the rules ask for.
pub(in crate::path) fn attended_enough(case: &Case) -> Result<(), Refusal> {
    let attended = attended_minutes(case.state);
    let planned = planned_minutes(case.state, case.rules);
    let given = attended.saturating_mul(100).checked_div(planned).unwrap_or(0);
    let required = case.rules.attendance_percent.get();
    if given < required || planned == 0 {
        return Err(Refusal::Below { what: Quantity::Attendance, required, given });
    }
    let modules = &case.rules.modules;
    let passed = |module| case.state.assessments.get(module).is_some_and(|state| state.passed);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let given = count(modules.iter().filter(|module| passed(*module)).count());
    let required = count(modules.len());
    if given < required {
        return Err(Refusal::Below { what: Quantity::ModulesPassed, required, given });
    }
    Ok(())
}

/// A completion says the minutes that the sessions add up to.
pub(in crate::path) fn check_completion(
    case: &Case,
    completion: &Completion,
) -> Result<(), Refusal> {
    let attended = attended_minutes(case.state);
    let planned = planned_minutes(case.state, case.rules);
    let said = (completion.attended_minutes, completion.planned_minutes);
    if completion.is_recognised() || said == (Some(attended), Some(planned)) {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "attended_minutes", other: "planned_minutes" })
}

/// Minutes of the sessions that the person was at.
fn attended_minutes(state: &State) -> u32 {
    state.sessions.values().filter(|session| session.present).map(|session| session.minutes).sum()
}

/// Minutes planned: by the rules, else the sum of the recorded sessions.
fn planned_minutes(state: &State, rules: &Rules) -> u32 {
    let recorded = || state.sessions.values().map(|session| session.minutes).sum();
    rules.planned_hours.map_or_else(recorded, |hours| hours.get() * 60)
}
