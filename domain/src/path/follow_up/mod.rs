//! From the start of the business to the end of the path: visits, support, closure.

pub(super) mod facts;
mod rules;
mod state;

pub use rules::VISIT_LATE_DAYS;
pub(super) use rules::{
    check_end, check_start, check_visit, end, ready_to_start, started, trading,
};
pub use state::{BusinessState, VisitState};
pub(super) use state::{fold_closure, fold_end, fold_start, fold_support, fold_visit};
