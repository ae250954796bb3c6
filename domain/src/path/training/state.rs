//! What a seat, a session, a module and a completed training leave in the state.

use chrono::NaiveDate;

use super::facts::{
    Assessment, Attendance, AttendanceCorrection, Completion, Enrolment, MinutesPresent, Presence,
    Withdrawal,
};
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
    SessionAttendance {
        /// Day of the session.
        on: NaiveDate,
        /// Length in minutes.
        minutes: u32,
        /// True when the person was there.
        present: bool,
        /// Minutes that the person was there, where it was for a part of the session alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        minutes_present: Option<MinutesPresent>,
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
    let Presence { present, minutes_present } = attendance.presence();
    let minutes = attendance.length_minutes();
    let session = SessionAttendance { on: signed.on, minutes, present, minutes_present };
    state.sessions.insert(attendance.session.clone(), session);
}

pub(in crate::path) fn fold_attendance_correction(
    state: &mut State,
    _: &Signed,
    correction: &AttendanceCorrection,
) {
    if let Some(session) = state.sessions.get_mut(&correction.session) {
        session.present = correction.after.present;
        session.minutes_present = correction.after.minutes_present;
    }
}

impl SessionAttendance {
    /// How it was attended.
    #[must_use]
    pub const fn presence(&self) -> Presence {
        Presence { present: self.present, minutes_present: self.minutes_present }
    }
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
