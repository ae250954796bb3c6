//! From the selection to the completed training: seat, attendance, modules.

pub(super) mod facts;
mod rules;
mod state;

pub(super) use rules::{
    assess_module, attended_enough, check_assessment, check_attendance,
    check_attendance_correction, check_completion, check_withdrawal, complete, recognise,
    return_seat, seat_to_return, without_seat,
};
pub use state::{AssessmentState, CompletionState, EnrolmentState, SessionAttendance};
pub(super) use state::{
    fold_assessment, fold_attendance, fold_attendance_correction, fold_completion, fold_enrolment,
    fold_withdrawal,
};
