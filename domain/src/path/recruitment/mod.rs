//! From the idea to the selection: eligibility by the rules, interview, decision.

mod eligibility;
pub(super) mod facts;
mod rules;
mod state;

pub(super) use eligibility::{assess, check_eligibility};
pub(super) use rules::{assessed, check_selection, check_sheet, score};
pub use state::{EligibilityState, InterviewState, SelectionState};
pub(super) use state::{fold_eligibility, fold_interview, fold_selection};
