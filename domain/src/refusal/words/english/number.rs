//! Numbers and amounts in English.

use crate::refusal::{Amount, Quantity};
use crate::values::Xof;

pub(super) const fn quantity(what: Quantity) -> &'static str {
    match what {
        Quantity::InterviewTotal => "points of the interview",
        Quantity::Attendance => "attendance in % of planned hours",
        Quantity::ModulesPassed => "modules passed",
        Quantity::Items => "items of the list",
        Quantity::Seats => "seats of the cohort",
    }
}

pub(super) fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("the amount requested", "the instrument's ceiling"),
        Amount::Requested => ("the amount approved", "the amount requested"),
        Amount::Owed => ("the principal paid back", "the principal still owed"),
        Amount::FreeBalance => ("the amount to commit", "the fund's free balance"),
        Amount::OpenCommitments => ("the amount", "the fund's undisbursed commitments"),
        Amount::Committed => ("the amount", "the fund's commitments"),
        Amount::Budget => ("the amount", "the fund's budget"),
        Amount::Tranche => ("the amount", "that of the tranche"),
        Amount::Tranches => ("the amount", "the sum of the tranches"),
        Amount::Schedule => ("the amount", "the principal of the schedule"),
        Amount::Repayment => ("the amount", "that of the repayment"),
        Amount::Approved => {
            return format!(
                "a second approval can only reduce the first: {given}, where at most {limit} is allowed"
            );
        }
        Amount::LeftOwed => {
            return format!("{given} of principal is still owed; nothing may be");
        }
        Amount::LeftCommitted => {
            return format!("{given} is committed and not disbursed; nothing may be left");
        }
    };
    format!("{amount}, {given}, is above {most}, {limit}")
}

pub(super) fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
    if given == Xof::ZERO && expected == Xof::of(1) {
        return format!("{} cannot be zero", positive(what));
    }
    let (amount, right) = match what {
        Amount::Tranches => ("the sum of the tranches", "the amount approved"),
        Amount::Tranche => ("the amount paid", "that of the tranche"),
        Amount::Schedule => ("the principal of the schedule", "the amount to be paid back"),
        Amount::Owed | Amount::LeftOwed => ("the amount written off", "the principal still owed"),
        Amount::Ceiling => ("the amount", "the instrument's ceiling"),
        Amount::Requested => ("the amount", "the amount requested"),
        Amount::Approved => ("the amount", "the amount approved"),
        Amount::Repayment => ("the amount", "that of the repayment"),
        Amount::FreeBalance => ("the amount", "the fund's free balance"),
        Amount::OpenCommitments | Amount::LeftCommitted => {
            ("the amount", "that of the fund's undisbursed commitments")
        }
        Amount::Committed => ("the amount", "that of the fund's commitments"),
        Amount::Budget => ("the amount", "the fund's budget"),
    };
    format!("{amount}, {given}, is not {right}, {expected}")
}

const fn positive(what: Amount) -> &'static str {
    match what {
        Amount::Requested => "the amount requested",
        Amount::Approved => "the amount approved",
        Amount::Tranche => "the amount of a tranche",
        Amount::Repayment => "the amount of the repayment",
        Amount::Budget => "the fund's budget",
        _ => "the amount",
    }
}

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    if given == Xof::ZERO && least == Xof::of(1) {
        return format!("{} cannot be zero", positive(Amount::Budget));
    }
    match what {
        Amount::Committed => {
            format!("the budget, {given}, is below the fund's commitments, {least}")
        }
        _ => format!("the amount, {given}, is below the least, {least}"),
    }
}
