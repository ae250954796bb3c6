//! Numbers and amounts in English.

use crate::refusal::{Amount, Quantity};
use crate::values::Xof;

/// What a bound of the rules is called.
const PLAUSIBLE: &str = "what the rules hold plausible";

pub(super) const fn quantity(what: Quantity) -> &'static str {
    match what {
        Quantity::InterviewTotal => "points of the interview",
        Quantity::Attendance => "attendance in % of planned hours",
        Quantity::ModulesPassed => "modules passed",
        Quantity::Items => "items of the list",
        Quantity::Seats => "seats of the cohort",
        Quantity::Jobs => "jobs",
        Quantity::JobsUnder35 => "jobs of people under 35, of all jobs",
        Quantity::FullTime => "full-time equivalents in hundredths, of all jobs",
        Quantity::JobsExpected => "jobs expected",
        Quantity::PeopleReached => "people reached",
        Quantity::SessionMinutes => "minutes of the session",
        Quantity::Places => "places of the list",
        Quantity::MinutesPresent => "minutes of presence at the session",
    }
}

pub(super) fn too_much(what: Amount, limit: Xof, given: Xof) -> String {
    let (amount, most) = match what {
        Amount::Ceiling => ("the amount requested", "the instrument's ceiling"),
        Amount::Requested => ("the amount approved", "the amount requested"),
        Amount::Owed => ("the principal paid back", "the principal still owed"),
        Amount::InterestOwed => ("the interest paid", "the interest still owed"),
        Amount::Refund => ("the amount refunded", "what can be"),
        Amount::Lost => ("the amount recovered", "what is still lost"),
        Amount::Guaranteed => ("the amount called", "what is still guaranteed"),
        Amount::Reversed => ("the amount to reverse", "what is paid out and did not come back"),
        Amount::ReversedCredit => ("the credit to reverse", "what of it was not refunded"),
        Amount::FreeBalance => ("the amount to commit", "the fund's free balance"),
        Amount::OpenCommitments => ("the amount", "the fund's undisbursed commitments"),
        Amount::ProfitOfRevenue => ("the monthly profit", "the monthly revenue"),
        Amount::MonthlyRevenue => ("the monthly revenue", PLAUSIBLE),
        Amount::MonthlyProfit => ("the monthly profit", PLAUSIBLE),
        Amount::MonthlyIncome => ("the income over thirty days", PLAUSIBLE),
        Amount::StartUpCost => ("the cost of starting", PLAUSIBLE),
        Amount::PersonCeiling => (
            "the sum approved for the person with this instrument",
            "the instrument's ceiling a person",
        ),
        Amount::PersonCeilingInAll => {
            ("the sum approved for the person with all instruments", "the ceiling a person")
        }
        Amount::NeedCeiling => {
            ("the sum requested for this need from all funds", "the instrument's ceiling")
        }
        Amount::LineBalance => ("the amount", "the budget line's free balance"),
        Amount::FundPaidOut => {
            ("the amount that comes back to the fund", "what it paid out and did not get back")
        }
        Amount::FundReceived => ("the amount to reverse", "what the fund received so"),
        Amount::FundCredit => ("the credit", "that which the fund holds"),
        Amount::Approved => {
            return format!(
                "a second approval can only reduce the first: at most {limit}, and not {given}"
            );
        }
        Amount::LeftOwed => {
            return format!("{given} is still owed; nothing may be");
        }
        Amount::LeftBeforeCredit => {
            return format!(
                "{given} would still be owed; only what goes beyond all that is owed is credit"
            );
        }
        Amount::AlreadyPaid => {
            return format!(
                "{given} is paid already; only a financing of which nothing is paid is cancelled"
            );
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
        Amount::BudgetLines => ("the sum of the budget lines", "the fund's budget"),
        _ => ("the amount", "the one needed"),
    };
    format!("{amount}, {given}, is not {right}, {expected}")
}

pub(super) fn too_little(what: Amount, least: Xof, given: Xof) -> String {
    match what {
        Amount::Committed => {
            format!("the budget, {given}, is below the fund's commitments, {least}")
        }
        Amount::LineCommitted => {
            format!("the budget line, {given}, is below its commitments, {least}")
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
        Amount::Refund => "the amount refunded",
        Amount::Lost => "the amount recovered",
        Amount::Guaranteed => "the amount called",
        Amount::Budget => "the fund's budget",
        Amount::Overhead => "the amount of the cost",
        _ => "the amount",
    };
    format!("{amount} cannot be zero")
}
