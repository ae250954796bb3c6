//! What a seat, a session, a module and a completed training leave in the state.

use chrono::NaiveDate;

use super::facts::{Assessment, Attendance, Completion, Enrolment, Withdrawal};
use crate::path::declare::parts;
use crate::path::stage::Stage;
use crate::path::state::{Signed, State};
use crate::values::{CohortId, Score};

parts! {
    /// The seat that a person holds in a training group.
    EnrolmentState {
        /// Day of the enrolment.
        on: NaiveDate,
        /// The training group.
        cohort: CohortId,
    }

    /// One session's attendance.
    SessionState {
        /// Day of the session.
        on: NaiveDate,
        /// Length in minutes.
        minutes: u32,
        /// True when the person was there.
        present: bool,
    }

    /// The last assessment of a module.
    AssessmentState {
        /// Day of the assessment.
        on: NaiveDate,
        /// Points out of 100.
        score: Score,
        /// True when the pass mark of the day was met.
        passed: bool,
    }

    /// A completed training.
    CompletionState {
        /// Day of completion; a business starts on this day at the earliest.
        on: NaiveDate,
        /// Attended or recognised, with what shows it.
        #[serde(flatten)]
        completion: Completion,
    }
}

pub(in crate::path) fn fold_enrolment(state: &mut State, signed: &Signed, seat: &Enrolment) {
    state.goes_on();
    state.enrolment = Some(EnrolmentState { on: signed.on, cohort: seat.cohort });
}

pub(in crate::path) fn fold_withdrawal(state: &mut State, _: &Signed, _: &Withdrawal) {
    state.goes_on();
    state.enrolment = None;
}

pub(in crate::path) fn fold_attendance(
    state: &mut State,
    signed: &Signed,
    attendance: &Attendance,
) {
    state.goes_on();
    let (minutes, present) = (attendance.length_minutes(), attendance.present);
    let session = SessionState { on: signed.on, minutes, present };
    state.sessions.insert(attendance.session.clone(), session);
}

pub(in crate::path) fn fold_assessment(
    state: &mut State,
    signed: &Signed,
    assessment: &Assessment,
) {
    state.goes_on();
    let (score, passed) = (assessment.score, assessment.passed);
    let judged = AssessmentState { on: signed.on, score, passed };
    state.assessments.insert(assessment.module.clone(), judged);
}

pub(in crate::path) fn fold_completion(
    state: &mut State,
    signed: &Signed,
    completion: &Completion,
) {
    state.goes_on();
    state.training = Some(CompletionState { on: signed.on, completion: completion.clone() });
    state.stage = Stage::Financing;
}
