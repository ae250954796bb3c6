//! What was owed of a loan, from one day to the next.

use chrono::NaiveDate;
use sira_domain::path::LoanRisk;
use sira_domain::values::Xof;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::day::{DayNumber, day_of};
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// What was owed of a loan that was paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Principal paid out and not back; nothing once it is written off.
    pub outstanding: Xof,
    /// Day of the oldest instalment that is not wholly paid; none when none is left.
    pub oldest_unpaid_due_on: Option<DayNumber>,
    /// Whether the loan was ever rescheduled by then.
    pub rescheduled: bool,
}

impl Loan {
    /// What decides whether it is at risk.
    #[must_use]
    pub fn risk(&self) -> LoanRisk {
        LoanRisk {
            outstanding: self.outstanding,
            oldest_unpaid_due_on: self.oldest_unpaid_due_on.map(|day| day_of(day.number())),
            rescheduled: self.rescheduled,
        }
    }
}

#[derive(FromRow)]
pub(super) struct LoanRow {
    outstanding: i64,
    oldest_unpaid_due_on: Option<NaiveDate>,
    reschedulings: i64,
    ended_on: Option<NaiveDate>,
}

impl OwnColumns for LoanRow {
    const SOURCE: Source = Source::LoanBalances;
    const TABLE: &'static str = "loan_balances";
    const COLUMNS: &'static str = "outstanding, oldest_unpaid_due_on, reschedulings, ended_on";
    type Told = Loan;

    fn measure(&self) -> &'static str {
        "loan"
    }

    fn ends_on(&self) -> Option<NaiveDate> {
        self.ended_on
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(Loan {
            outstanding: Xof::try_new(u64::try_from(self.outstanding)?).map_err(|_| Unfit)?,
            oldest_unpaid_due_on: self.oldest_unpaid_due_on.map(DayNumber::from),
            rescheduled: self.reschedulings > 0,
        })
    }
}
