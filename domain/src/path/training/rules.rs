//! The rules of training, and the facts that its commands lead to.

use sira_numbers::counted;

use super::facts::{
    Assessment, Attendance, AttendanceCorrection, Completion, CompletionRequest, ModuleScore,
    Presence, Recognition, SeatReturn, TrainingBasis, Withdrawal,
};
use crate::path::case::Case;
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
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
    check_presence(&attendance.presence(), attendance.length_minutes())
}

/// Nobody is there for longer than the session, nor for minutes of one that they were not at.
fn check_presence(presence: &Presence, length: u32) -> Result<(), Refusal> {
    match presence.minutes_present {
        Some(_) if !presence.present => {
            Err(Refusal::Disagree { field: "minutes_present", other: "present" })
        }
        Some(minutes) if minutes.get() > length => {
            let (limit, given) = (length, minutes.get());
            Err(Refusal::Above { what: Quantity::MinutesPresent, limit, given })
        }
        _ => Ok(()),
    }
}

/// A session that was recorded is told to have been attended otherwise.
pub(in crate::path) fn check_attendance_correction(
    case: &Case,
    correction: &AttendanceCorrection,
) -> Result<(), Refusal> {
    let Some(session) = case.state.sessions.get(&correction.session) else {
        let name = correction.session.to_string();
        return Err(Refusal::Unknown { item: Item::Session, name, field: "session" });
    };
    if session.presence() != correction.before {
        return Err(Refusal::Disagree { field: "present", other: "before" });
    }
    if correction.before == correction.after {
        return Err(Refusal::Unchanged { field: "present" });
    }
    check_presence(&correction.after, session.minutes)
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

/// Completes the training attended, with its minutes. Those that were planned are the sessions of the
/// training group, or what the rules say: a session that was made up elsewhere counts as attended, and not
/// as planned once more, and one before the person joined was planned all the same.
pub(in crate::path) fn complete(
    asked: &Asked,
    CompletionRequest { cohort_minutes }: CompletionRequest,
) -> Completion {
    let state = asked.path.state();
    let by_rules = asked.rules.planned_hours.map(|hours| hours.get() * 60);
    let cohort = state.enrolment.as_ref().map(|seat| seat.cohort);
    let planned = match (by_rules.or(cohort_minutes), cohort) {
        (Some(planned), Some(_)) => planned,
        _ => planned_minutes(state, asked.rules),
    };
    let attended = attended_minutes(state);
    Completion {
        basis: TrainingBasis::Attended,
        cohort,
        attended_minutes: Some(if cohort.is_some() { attended.min(planned) } else { attended }),
        planned_minutes: Some(planned),
        modules: asked.rules.modules.clone(),
        proof: None,
        reason: None,
    }
}

/// Recognises a training done elsewhere or before the system, with its proof.
pub(in crate::path) fn recognise(_: &Asked, recognition: Recognition) -> Completion {
    Completion {
        basis: TrainingBasis::Recognised,
        cohort: None,
        attended_minutes: None,
        planned_minutes: None,
        modules: recognition.modules,
        proof: Some(recognition.proof),
        reason: Some(recognition.reason),
    }
}

/// Attendance and modules reach what the rules ask for. What the sessions of the training group add up to
/// is known to the completion: see [`check_completion`].
pub(in crate::path) fn attended_enough(case: &Case) -> Result<(), Refusal> {
    let attended = attended_minutes(case.state);
    let is_by_cohort = case.rules.planned_hours.is_none() && case.state.enrolment.is_some();
    if !is_by_cohort || attended == 0 {
        check_share(case, attended, planned_minutes(case.state, case.rules))?;
    }
    let modules = &case.rules.modules;
    let passed = |module| case.state.assessments.get(module).is_some_and(|state| state.passed);
    let given = counted(modules.iter().filter(|module| passed(*module)).count());
    let required = counted(modules.len());
    if given < required {
        return Err(Refusal::Below { what: Quantity::ModulesPassed, required, given });
    }
    Ok(())
}

fn check_share(case: &Case, attended: u32, planned: u32) -> Result<(), Refusal> {
    let given = attended.saturating_mul(100).checked_div(planned).unwrap_or(0);
    let required = case.rules.attendance_percent.get();
    if given < required || planned == 0 {
        return Err(Refusal::Below { what: Quantity::Attendance, required, given });
    }
    Ok(())
}

/// A completion says the minutes that the sessions add up to, and enough of them; of a training group, that
/// in which the person holds a seat.
pub(in crate::path) fn check_completion(
    case: &Case,
    completion: &Completion,
) -> Result<(), Refusal> {
    if completion.is_recognised() {
        return Ok(());
    }
    let (attended, by_rules) =
        (attended_minutes(case.state), planned_minutes(case.state, case.rules));
    let planned = completion.planned_minutes.unwrap_or(0);
    let holds = match completion.cohort {
        Some(cohort) => {
            let is_planned = case.rules.planned_hours.is_none() || planned == by_rules;
            let seat = case.state.enrolment.as_ref();
            is_planned
                && seat.is_some_and(|seat| seat.cohort == cohort)
                && completion.attended_minutes == Some(attended.min(planned))
        }
        None => planned == by_rules && completion.attended_minutes == Some(attended),
    };
    if !holds {
        return Err(Refusal::Disagree { field: "attended_minutes", other: "planned_minutes" });
    }
    check_share(case, completion.attended_minutes.unwrap_or(0), planned)
}

/// Minutes of the sessions that the person was at.
fn attended_minutes(state: &State) -> u32 {
    state.sessions.values().map(|session| session.presence().minutes_of(session.minutes)).sum()
}

/// Minutes planned: by the rules, else the sum of the recorded sessions.
fn planned_minutes(state: &State, rules: &Rules) -> u32 {
    let recorded = || state.sessions.values().map(|session| session.minutes).sum();
    rules.planned_hours.map_or_else(recorded, |hours| hours.get() * 60)
}
