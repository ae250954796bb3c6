//! What one fact adds to each indicator: nothing where it does not count.

#![expect(
    clippy::unnecessary_wraps,
    reason = "functions of this form may say that a fact does not count"
)]

use sira_domain::path::PAR_DAYS;

use super::super::context::{ShareContext, due_on};
use super::super::facts::{FigureFact, Measure, Measure as M, Tells, day_of};
use super::super::tally::Share;

pub fn one(_: Measure, _: &FigureFact, _: &ShareContext) -> Option<Share> {
    Some(Share::of(1))
}

/// The amount of a movement of money, or the number that a value is.
pub fn value(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    number(fact).map(Share::of)
}

fn number(fact: &FigureFact) -> Option<i64> {
    match fact.tells {
        Tells::Money(money) => Some(money.amount),
        Tells::Value(value) => Some(value),
        Tells::Income(income) => Some(income.yearly),
        _ => None,
    }
}

pub fn mean_value(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    number(fact).map(|value| Share::over(value, 1))
}

pub fn minutes_attended(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Attendance(attendance) = fact.tells else { return None };
    Some(Share::over(attendance.attended_minutes.into(), attendance.minutes.into()))
}

pub fn modules_passed(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Assessment(assessment) = fact.tells else { return None };
    Some(Share::over(assessment.passed.into(), 1))
}

pub fn mean_score(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Assessment(assessment) = fact.tells else { return None };
    Some(Share::over(assessment.score.into(), 1))
}

pub fn survived(
    fact: &FigureFact,
    context: &ShareContext,
    months: u32,
    high: bool,
) -> Option<Share> {
    if !context.is_due(fact, months) {
        return None;
    }
    let seen = context.visit(months, fact.case);
    if seen.is_some() && seen == context.places.trading {
        return Some(Share::over(1, 1));
    }
    let due = due_on(fact, months);
    let closed = context.day_of(M::Closed, fact.case).is_some_and(|closed| closed <= due);
    (!high || closed || seen.is_some()).then_some(Share::over(0, 1))
}

pub fn net_commitment(measure: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let amount = number(fact)?;
    Some(Share::of(if measure == M::ReleasedAmount { -amount } else { amount }))
}

pub fn disbursed_of_committed(
    measure: Measure,
    fact: &FigureFact,
    _: &ShareContext,
) -> Option<Share> {
    let amount = number(fact)?;
    Some(match measure {
        M::DisbursedAmount => Share::over(amount, 0),
        M::ReleasedAmount => Share::over(0, -amount),
        _ => Share::over(0, amount),
    })
}

pub fn paid_of_due(measure: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let amount = number(fact)?;
    match measure {
        M::Due if fact.on > context.day => None,
        M::Due => Some(Share::over(0, amount)),
        _ => Some(Share::over(amount, 0)),
    }
}

pub fn outstanding(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Loan(loan) = fact.tells else { return None };
    Some(Share::of(loan.outstanding.signed()))
}

pub fn at_risk(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Loan(loan) = fact.tells else { return None };
    let at_risk = loan.risk().amount_at_risk(day_of(context.day), PAR_DAYS).signed();
    let outstanding = loan.outstanding.signed();
    (outstanding > 0).then(|| Share::over(at_risk, outstanding))
}

pub fn trained_of_enrolled(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    Some(Share::over(i64::from(context.day_of(M::Trained, fact.case).is_some()), 1))
}

pub fn share_of_women(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    Some(Share::over(i64::from(Some(fact.dims.sex) == context.places.female), 1))
}

pub fn share_of_young(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    Some(Share::over(i64::from(Some(fact.dims.age_band) != context.places.over_35), 1))
}

pub fn with_disability(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    (fact.dims.disability == 2).then_some(Share::of(1))
}

pub fn displaced(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    (fact.dims.displaced == 2).then_some(Share::of(1))
}

pub fn income_by_training(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Income(income) = fact.tells else { return None };
    Some(Share { part: income.yearly, whole: 1, other: income.trained != Some(true) })
}

pub fn is_open(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Grievance(grievance) = fact.tells else { return None };
    grievance.resolved_on.is_none().then_some(Share::of(1))
}

/// Days within which a grievance is to be resolved.
const GRIEVANCE_DAYS: i32 = 30;

pub fn resolved_in_time(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Grievance(grievance) = fact.tells else { return None };
    let in_time = match grievance.resolved_on {
        None if fact.on + GRIEVANCE_DAYS > context.day => return None,
        None => false,
        Some(resolved) => resolved.number() - fact.on <= GRIEVANCE_DAYS,
    };
    Some(Share::over(in_time.into(), 1))
}
