//! What facts tell, as numbers in columns.

use sira_domain::values::Xof;

use super::assessment::Assessment;
use super::attendance::Attendance;
use super::business::Business;
use super::day::DayNumber;
use super::due::Due;
use super::employment::Employment;
use super::fact::Tells;
use super::grievance::Grievance;
use super::jobs::JobCount;
use super::link::Link;
use super::loan::Loan;
use super::money::Money;
use super::value::Income;
use super::visit::Visit;
use super::visit_due::VisitDue;

/// Numbers that a fact tells at most.
pub const SLOTS: usize = 6;

/// The numbers that a fact tells, in the order of its kind; none where there is none.
pub type Slots = [Option<i64>; SLOTS];

/// The number of a kind; one that a build gives stays with it, since no column outlives the process.
const fn kind_of(tells: &Tells) -> i64 {
    match tells {
        Tells::Nothing => 0,
        Tells::Attendance(_) => 1,
        Tells::Assessment(_) => 2,
        Tells::Money(_) => 3,
        Tells::Loan(_) => 4,
        Tells::Due(_) => 5,
        Tells::JobCount(_) => 6,
        Tells::Business(_) => 7,
        Tells::Employment(_) => 8,
        Tells::Visit(_) => 9,
        Tells::VisitDue(_) => 10,
        Tells::Income(_) => 11,
        Tells::Value(_) => 12,
        Tells::Grievance(_) => 13,
        Tells::Link(_) => 14,
    }
}

/// What a fact tells as numbers, and the number of its kind.
pub fn numbers_of(tells: &Tells) -> (i64, Slots) {
    let mut slots = Slots::default();
    let mut next = slots.iter_mut();
    let mut put = |number: Option<i64>| {
        if let Some(slot) = next.next() {
            *slot = number;
        }
    };
    let day = |day: Option<DayNumber>| day.map(|day| i64::from(day.number()));
    match tells {
        Tells::Nothing => {}
        Tells::Attendance(told) => {
            put(Some(told.attended_minutes.into()));
            put(Some(told.minutes.into()));
        }
        Tells::Assessment(told) => {
            put(Some(told.module.into()));
            put(Some(told.score.into()));
            put(Some(told.passed.into()));
        }
        Tells::Money(told) => {
            put(Some(told.amount));
            put(Some(told.instrument.into()));
        }
        Tells::Loan(told) => {
            put(Some(told.outstanding.signed()));
            put(day(told.oldest_unpaid_due_on));
            put(Some(told.rescheduled.into()));
        }
        Tells::Due(told) => {
            put(Some(told.amount));
            put(day(told.paid_on));
            put(Some(told.of_first_terms.into()));
        }
        Tells::JobCount(told) => {
            put(Some(told.full_time_hundredths.into()));
            put(Some(told.change.into()));
            put(Some(told.women.into()));
            put(Some(told.men.into()));
            put(Some(told.under_35.into()));
            put(Some(told.created.into()));
        }
        Tells::Business(told) => {
            put(Some(told.number.into()));
            put(day(told.last_seen_on));
            put(day(told.closed_on));
        }
        Tells::Employment(told) => {
            put(Some(told.status.into()));
            put(Some(told.works.into()));
            put(told.is_better.map(i64::from));
        }
        Tells::Visit(told) => {
            put(told.jobs.map(i64::from));
            put(Some(told.milestone.into()));
            put(Some(told.status.into()));
        }
        Tells::VisitDue(told) => {
            put(day(told.visited_on));
            put(Some(told.is_due.into()));
        }
        Tells::Income(told) => {
            put(Some(told.yearly));
            put(Some(told.currency.into()));
            put(told.trained.map(i64::from));
        }
        Tells::Value(value) => put(Some(*value)),
        Tells::Grievance(told) => {
            put(Some(told.category.into()));
            put(day(told.resolved_on));
        }
        Tells::Link(told) => put(Some(told.continues_as.into())),
    }
    (kind_of(tells), slots)
}

/// A number of the type that it was made of.
fn of<N: TryFrom<i64> + Default>(number: Option<i64>) -> N {
    number.and_then(|number| N::try_from(number).ok()).unwrap_or_default()
}

fn is(number: Option<i64>) -> bool {
    number == Some(1)
}

/// What numbers tell: [`numbers_of`] backwards.
#[inline]
pub fn told_by(kind: i64, slot: impl Fn(usize) -> Option<i64>) -> Tells {
    let day = |at: usize| slot(at).and_then(|number| DayNumber::of_number(of(Some(number))));
    match kind {
        1 => Tells::Attendance(Attendance { attended_minutes: of(slot(0)), minutes: of(slot(1)) }),
        2 => Tells::Assessment(Assessment {
            module: of(slot(0)),
            score: of(slot(1)),
            passed: is(slot(2)),
        }),
        3 => Tells::Money(Money { amount: of(slot(0)), instrument: of(slot(1)) }),
        4 => Tells::Loan(Loan {
            // It was an amount before it was a number.
            outstanding: Xof::try_new(of(slot(0))).unwrap_or(Xof::ZERO),
            oldest_unpaid_due_on: day(1),
            rescheduled: is(slot(2)),
        }),
        5 => Tells::Due(Due { amount: of(slot(0)), paid_on: day(1), of_first_terms: is(slot(2)) }),
        6 => Tells::JobCount(JobCount {
            full_time_hundredths: of(slot(0)),
            change: of(slot(1)),
            women: of(slot(2)),
            men: of(slot(3)),
            under_35: of(slot(4)),
            created: of(slot(5)),
        }),
        7 => Tells::Business(Business {
            number: of(slot(0)),
            last_seen_on: day(1),
            closed_on: day(2),
        }),
        8 => Tells::Employment(Employment {
            status: of(slot(0)),
            works: is(slot(1)),
            is_better: slot(2).map(|better| better == 1),
        }),
        9 => Tells::Visit(Visit {
            jobs: slot(0).map(|jobs| of(Some(jobs))),
            milestone: of(slot(1)),
            status: of(slot(2)),
        }),
        10 => Tells::VisitDue(VisitDue { visited_on: day(0), is_due: is(slot(1)) }),
        11 => Tells::Income(Income {
            yearly: of(slot(0)),
            currency: of(slot(1)),
            trained: slot(2).map(|trained| trained == 1),
        }),
        12 => Tells::Value(of(slot(0))),
        13 => Tells::Grievance(Grievance { category: of(slot(0)), resolved_on: day(1) }),
        14 => Tells::Link(Link { continues_as: of(slot(0)) }),
        _ => Tells::Nothing,
    }
}
