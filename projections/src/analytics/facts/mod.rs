//! Facts: rows of the read models as figures are made of them, in memory, a column of structs a measure.
//!
//! What every fact has is a [`Fact`]; what one of its kind tells beside is a struct of its own, in a
//! file with how it is read. A measure says which dimensions its facts have.

mod assessment;
mod attendance;
mod cases;
mod grievance;
mod loan;
mod measure;
mod milestone;
mod money;
mod reading;
mod value;
mod visit;

use std::num::NonZeroI32;

use chrono::{Datelike, NaiveDate};

pub use assessment::Assessment;
pub use attendance::Attendance;
pub use cases::Cases;
pub use grievance::Grievance;
pub use loan::Loan;
pub use measure::{Measure, Source};
pub use money::Money;
pub use reading::read;
pub use value::Income;
pub use visit::Visit;

/// A row that stands has this for its end.
pub const STANDS: u64 = u64::MAX;

/// The place of a word of a measure's own in the [`Words`](super::words::Words) of tags.
pub type Tag = u16;

/// What every fact is broken down by: places in the [`Words`](super::words::Words) of each dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dims {
    /// The training group.
    pub cohort: u32,
    /// The programme.
    pub programme: u16,
    /// The office.
    pub office: u16,
    /// The fund.
    pub fund: u16,
    /// The region.
    pub region: u16,
    /// The sex.
    pub sex: u8,
    /// The band of age.
    pub age_band: u8,
    /// Disability: 0 unknown, 1 no, 2 yes.
    pub disability: u8,
    /// Displaced: 0 unknown, 1 no, 2 yes.
    pub displaced: u8,
}

/// One row: what it tells, of whom, when, and between which positions it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Position of the event that told it.
    pub since: u64,
    /// Position of the event that took it back; [`STANDS`] while it stands.
    pub until: u64,
    /// What it tells beside that it happened.
    pub tells: Tells,
    /// What it is broken down by.
    pub dims: Dims,
    /// Place of the path in the cube.
    pub case: u32,
    /// Sequence of the event in its stream.
    pub sequence: u32,
    /// Day of the fact, as days from the common era.
    pub on: i32,
    /// Number among the rows of its event.
    pub part: u16,
}

/// What a fact tells beside that it happened, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Nothing more: a milestone, a support.
    Nothing,
    /// Somebody's attendance of one session.
    Attendance(Attendance),
    /// The last assessment of a module.
    Assessment(Assessment),
    /// An amount that moved.
    Money(Money),
    /// How a loan stands.
    Loan(Loan),
    /// How a business was seen.
    Visit(Visit),
    /// An income, brought to a year.
    Income(Income),
    /// A number in the measure's unit: jobs, francs of an instalment, people reached.
    Value(i64),
    /// A grievance and whether it was resolved.
    Grievance(Grievance),
}

impl Fact {
    /// The place of the word of its own that it is told apart by: a module, an instrument, a status, a
    /// currency, a category; 0 where it has none.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        match &self.tells {
            Tells::Assessment(assessment) => assessment.module,
            Tells::Money(money) => money.instrument,
            Tells::Visit(visit) => visit.status,
            Tells::Income(income) => income.currency,
            Tells::Grievance(grievance) => grievance.category,
            Tells::Nothing | Tells::Attendance(_) | Tells::Loan(_) | Tells::Value(_) => 0,
        }
    }

    /// Whether the person has completed a training, where that is told.
    #[must_use]
    pub const fn trained(&self) -> Option<bool> {
        match &self.tells {
            Tells::Income(income) => income.trained,
            _ => None,
        }
    }
}

/// A day that a fact tells beside its own. It takes no more room where there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(NonZeroI32);

impl Day {
    /// The day as days from the common era.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.get()
    }
}

impl From<NaiveDate> for Day {
    fn from(day: NaiveDate) -> Self {
        // Number 0 is a day two thousand years ago, the last before the era.
        Self(NonZeroI32::new(number_of(day)).unwrap_or(NonZeroI32::MIN))
    }
}

/// A day as a number.
#[must_use]
pub fn number_of(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// A number as a day.
#[must_use]
pub fn day_of(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_takes_72_bytes_at_most() {
        assert!(size_of::<Fact>() <= 72, "{}", size_of::<Fact>());
    }

    #[test]
    fn a_day_is_read_back() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        assert_eq!(day_of(Day::from(day).number()), day);
    }
}
