//! A part of an instalment: when it fell due, and when it was paid.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::day::DayNumber;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// A part of an instalment; its day is that on which it fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whole francs, principal and interest.
    pub amount: i64,
    /// Day on which it was paid; none while it is not.
    pub paid_on: Option<DayNumber>,
    /// Whether it is of the schedule that the loan began with.
    pub of_first_terms: bool,
}

#[derive(FromRow)]
pub(super) struct DueRow {
    amount: i64,
    paid_on: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    terms: i64,
}

impl OwnColumns for DueRow {
    const SOURCE: Source = Source::Instalments;
    const TABLE: &'static str = "instalments";
    const COLUMNS: &'static str = "amount, paid_on, ended_on, terms";
    type Told = Due;

    fn measure(&self) -> &'static str {
        "due"
    }

    /// It is owed no longer once it was replaced, and is followed no further.
    fn ends_on(&self) -> Option<NaiveDate> {
        self.ended_on
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(Due {
            amount: self.amount,
            paid_on: self.paid_on.map(DayNumber::from),
            of_first_terms: self.terms == 0,
        })
    }
}
