//! How a loan stands.

use chrono::NaiveDate;
use sira_domain::path::LoanRisk;
use sira_domain::values::Xof;
use sqlx::FromRow;

use super::super::words::Dictionary;
use super::day::{Day, day_of};
use super::measure::Source;
use super::own::{OwnColumns, TooManyWords};

/// How a loan that was paid out stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Principal paid out and not back, whole francs; 0 once it is written off.
    pub outstanding: i64,
    /// Day of the oldest instalment that is not wholly paid; none when none is left.
    pub oldest_unpaid_due_on: Option<Day>,
    /// Whether the loan was ever rescheduled.
    pub rescheduled: bool,
}

impl Loan {
    /// What decides whether it is at risk.
    #[must_use]
    pub fn risk(&self) -> LoanRisk {
        LoanRisk {
            outstanding: Xof::of(u64::try_from(self.outstanding).unwrap_or_default()),
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
}

impl OwnColumns for LoanRow {
    const SOURCE: Source = Source::LoanStatus;
    const TABLE: &'static str = "loan_status";
    const COLUMNS: &'static str = "outstanding, oldest_unpaid_due_on, reschedulings";
    type Told = Loan;

    fn measure(&self) -> &'static str {
        "loan"
    }

    fn tells(&self, _: &mut Dictionary) -> Result<Self::Told, TooManyWords> {
        Ok(Loan {
            outstanding: self.outstanding,
            oldest_unpaid_due_on: self.oldest_unpaid_due_on.map(Day::from),
            rescheduled: self.reschedulings > 0,
        })
    }
}
