//! From the training to the start: business plan, request, approval, payments, loans.

pub(super) mod beyond;
mod book;
pub(super) mod facts;
mod loan;
pub(super) mod payment;
pub(super) mod plan;
mod record;
pub(super) mod reversal;
mod rules;
mod state;
mod transition;

pub use book::{DuePart, LoanBalance, LoanBook, LoanMove};
pub use loan::{Loan, LoanStanding, PaidBack};
pub use plan::PlanState;
pub(super) use rules::{
    check_agreement, check_approval, check_refusal, check_request, nothing_paid, one_to_approve,
    one_to_refuse, one_to_sign, request,
};
pub use state::{
    Award, FinancingState, OtherPayment, PaidTranche, RequestedFinancing, ReversedPayment,
};
pub(super) use transition::{
    fold_agreement, fold_approval, fold_cancellation, fold_refusal, fold_request, fold_waiver,
};
