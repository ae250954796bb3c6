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
        Amount::Approved => {
            return format!(
                "a second approval can only reduce the first: at most {limit}, and not {given}"
            );
        }
        Amount::LeftOwed => {
            return format!("{given} of principal is still owed; nothing may be");
        }
        Amount::LeftCommitted => {
            return format!("{given} is committed and not disbursed; nothing of it may be left");
        }
        _ => ("the amount", "the most allowed"),
    };
    format!("{amount}, {given}, is above {most}, {limit}")
}

pub(super) fn other_amount(what: Amount, expected: Xof, given: Xof) -> String {
    if given == Xof::ZERO && expected == Xof::of(1) {
        return nothing(what);
    }
    let (amount, right) = match what {
        Amount::Tranches => ("the sum of the tranches", "the amount approved"),
        Amount::Tranche => ("the amount paid", "that of the tranche"),
        Amount::Schedule => ("the principal of the schedule", "the amount to be paid back"),
        Amount::Owed => ("the amount written off", "the principal still owed"),
        _ => ("the amount", "the one needed"),
    };
    format!("{amount}, {given}, is not {right}, {expected}")
}

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    match what {
        Amount::Committed => {
            format!("the budget, {given}, is below the fund's commitments, {least}")
        }
        _ if given == Xof::ZERO && least == Xof::of(1) => nothing(what),
        _ => format!("the amount, {given}, is below the least, {least}"),
    }
}

fn nothing(what: Amount) -> String {
    let amount = match what {
        Amount::Requested => "the amount requested",
        Amount::Approved => "the amount approved",
        Amount::Tranche => "the amount of a tranche",
        Amount::Repayment => "the amount of the repayment",
        Amount::Budget => "the fund's budget",
        _ => "the amount",
    };
    format!("{amount} cannot be zero")
}
