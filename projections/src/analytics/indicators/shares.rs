//! What one fact adds to each indicator: nothing where it does not count.

#![expect(
    clippy::unnecessary_wraps,
    reason = "functions of this form may say that a fact does not count"
)]

use sira_domain::path::{PAR_DAYS, VISIT_LATE_DAYS};

use chrono::Months;

use super::super::context::ShareContext;
use super::super::facts::{
    DayNumber, Employment, FigureFact, JobCount, Measure, Measure as M, Tells, day_of, number_of,
};
use super::super::statistics::Followed;
use super::super::tally::Share;

/// What the write-offs of a portfolio are looked at over.
const YEAR: Months = Months::new(12);

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

/// Whether a business was there so many days after its start: those who are old enough, and of whom it is known or,
/// for the lower bound, all.
pub fn alive_after(
    fact: &FigureFact,
    context: &ShareContext,
    days: u32,
    of_all: bool,
) -> Option<Share> {
    let followed = followed(fact, context, days)?;
    let alive = followed.is_known_alive(days);
    let counts = followed.is_old_enough && (of_all || alive || followed.has_closed(days));
    counts.then_some(Share::over(alive.into(), 1))
}

/// How long a business is known to have been there, by the day of the question.
pub fn survival(fact: &FigureFact, context: &ShareContext, days: u32) -> Option<Share> {
    followed(fact, context, days).map(|followed| Share::of(followed.packed()))
}

fn followed(fact: &FigureFact, context: &ShareContext, days: u32) -> Option<Followed> {
    let Tells::Business(business) = fact.tells else { return None };
    let today = context.times.day;
    let after = |day: i32| u32::try_from(day - fact.on).unwrap_or_default();
    let closed_on = business.closed_on.map(DayNumber::number);
    // What was seen, or closed, later than the day was there on it.
    let seen_on =
        business.last_seen_on.map(DayNumber::number).max(closed_on.filter(|day| *day > today));
    let (closed, until) = match closed_on.filter(|day| *day <= today) {
        Some(day) => (true, day),
        None => (false, seen_on.map_or(fact.on, |day| day.min(today))),
    };
    let is_old_enough = after(today) >= days;
    Some(Followed { days: after(until), closed, is_old_enough })
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

/// Of an instalment that fell due in the period under the loan's first terms: what was not paid before the period, and
/// what of that was paid by its end.
pub fn paid_of_due(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Due(due) = fact.tells else { return None };
    let paid_on = due.paid_on.map(DayNumber::number);
    let is_prepaid = paid_on.is_some_and(|paid_on| paid_on < context.times.from);
    if !due.of_first_terms || fact.on > context.times.day || is_prepaid {
        return None;
    }
    let is_paid = paid_on.is_some_and(|paid_on| paid_on <= context.times.to);
    Some(Share::over(if is_paid { due.amount } else { 0 }, due.amount))
}

/// An instalment that is late on the day: due before it, under the terms in force, and not paid by it.
pub fn in_arrears(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Due(due) = fact.tells else { return None };
    let day = context.times.day;
    let is_paid = due.paid_on.is_some_and(|paid_on| paid_on.number() <= day);
    (fact.on < day && !is_paid).then_some(Share::of(due.amount))
}

/// Written off in the twelve months up to the day, over the mean of what was outstanding at their two ends.
pub fn written_off_of_portfolio(
    _: Measure,
    fact: &FigureFact,
    context: &ShareContext,
) -> Option<Share> {
    let day = context.times.day;
    let begin = day_of(day).checked_sub_months(YEAR).map_or(i32::MIN, number_of);
    match fact.tells {
        // Twice what was written off over the sum of both ends is it over their mean.
        Tells::Money(money) => {
            (begin < fact.on && fact.on <= day).then_some(Share::over(2 * money.amount, 0))
        }
        Tells::Loan(loan) => {
            let at = |day| if fact.lasts_on(day) { loan.outstanding.signed() } else { 0 };
            let both = at(begin).saturating_add(at(day));
            (both > 0).then(|| Share::over(0, both))
        }
        _ => None,
    }
}

pub fn outstanding(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let Tells::Loan(loan) = fact.tells else { return None };
    Some(Share::of(loan.outstanding.signed()))
}

pub fn at_risk(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Loan(loan) = fact.tells else { return None };
    let at_risk = loan.risk().amount_at_risk(day_of(context.times.day), PAR_DAYS).signed();
    let outstanding = loan.outstanding.signed();
    (outstanding > 0).then(|| Share::over(at_risk, outstanding))
}

/// Of those who reached something, those who have reached another thing by now.
pub fn reached(measure: Measure) -> impl Fn(&FigureFact, &ShareContext) -> Option<Share> {
    move |fact, context| {
        Some(Share::over(i64::from(context.day_of(measure, fact.case).is_some()), 1))
    }
}

pub fn dropped_out_of_enrolled(
    _: Measure,
    fact: &FigureFact,
    context: &ShareContext,
) -> Option<Share> {
    reached(M::DroppedOut)(fact, context)
}

pub fn validated_of_submitted(
    _: Measure,
    fact: &FigureFact,
    context: &ShareContext,
) -> Option<Share> {
    reached(M::PlanValidated)(fact, context)
}

pub fn validated_at_first(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    reached(M::PlanValidatedFirst)(fact, context)
}

pub fn trained_of_enrolled(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    reached(M::Trained)(fact, context)
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

/// The change of an income since the baseline of the same person, in the same currency.
pub fn change_of_income(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Income(income) = fact.tells else { return None };
    let before = context.baseline(fact.case, income.currency)?;
    Some(Share::over(income.yearly.saturating_sub(before), 1))
}

pub fn change_by_training(
    measure: Measure,
    fact: &FigureFact,
    context: &ShareContext,
) -> Option<Share> {
    let Tells::Income(income) = fact.tells else { return None };
    let change = change_of_income(measure, fact, context)?;
    Some(Share { other: income.trained != Some(true), ..change })
}

fn works(fact: &FigureFact) -> Option<Employment> {
    match fact.tells {
        Tells::Employment(employment) => Some(employment),
        _ => None,
    }
}

pub fn working(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    works(fact).map(|told| Share::over(told.works.into(), 1))
}

/// Of those whose work at the baseline is known: who works now and did not then.
pub fn newly_working(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let (told, before) = (works(fact)?, context.worked_at_baseline(fact.case)?);
    Some(Share::over(i64::from(told.works && !before), 1))
}

/// Of those who work and said how it is: whose work is better than before.
pub fn better_work(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    let told = works(fact).filter(|told| told.works)?;
    told.is_better.map(|is_better| Share::over(is_better.into(), 1))
}

fn jobs(fact: &FigureFact) -> Option<JobCount> {
    match fact.tells {
        Tells::JobCount(count) => Some(count),
        _ => None,
    }
}

pub fn jobs_held(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.all()))
}

pub fn jobs_of_women(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.women.into()))
}

pub fn jobs_of_men(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.men.into()))
}

pub fn jobs_of_young(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.under_35.into()))
}

pub fn jobs_full_time(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.full_time_hundredths.into()))
}

pub fn jobs_created(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.created.into()))
}

pub fn jobs_net(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs(fact).map(|count| Share::of(count.change.into()))
}

/// Jobs that the visit of so many months saw.
fn jobs_at(fact: &FigureFact, months: u16) -> Option<i64> {
    match fact.tells {
        Tells::Visit(visit) if visit.milestone == months => visit.jobs.map(i64::from),
        _ => None,
    }
}

pub fn jobs_at_12_months(_: Measure, fact: &FigureFact, _: &ShareContext) -> Option<Share> {
    jobs_at(fact, 12).map(Share::of)
}

/// Jobs that the visit of twenty-four months saw and that of twelve had seen: kept for a year.
pub fn jobs_sustained(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let (now, before) = (jobs_at(fact, 24)?, context.jobs_at_12_months(fact.case)?);
    Some(Share::of(now.min(before)))
}

/// Days within which a grievance is to be resolved.
const GRIEVANCE_DAYS: i32 = 30;

/// Of visits that fell due: those made by the last day that is on time. One that is not made is not late before that day
/// has passed.
pub fn visited_on_time(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::VisitDue(visit) = fact.tells else { return None };
    let last = fact.on.saturating_add_unsigned(VISIT_LATE_DAYS);
    let visited_on = visit.visited_on.map(DayNumber::number);
    let visited_on = visited_on.filter(|day| *day <= context.times.day);
    if !visit.is_due || fact.on > context.times.day {
        return None;
    }
    let on_time = match visited_on {
        None if last >= context.times.day => return None,
        None => false,
        Some(day) => day <= last,
    };
    Some(Share::over(on_time.into(), 1))
}

pub fn resolved_in_time(_: Measure, fact: &FigureFact, context: &ShareContext) -> Option<Share> {
    let Tells::Grievance(grievance) = fact.tells else { return None };
    let in_time = match grievance.resolved_on {
        None if fact.on + GRIEVANCE_DAYS > context.times.day => return None,
        None => false,
        Some(resolved) => resolved.number() - fact.on <= GRIEVANCE_DAYS,
    };
    Some(Share::over(in_time.into(), 1))
}
