//! What every fact has.

use sira_numbers::Position;

use super::assessment::Assessment;
use super::attendance::Attendance;
use super::business::Business;
use super::day::DayNumber;
use super::due::Due;
use super::employment::Employment;
use super::grievance::Grievance;
use super::jobs::JobCount;
use super::link::Link;
use super::loan::Loan;
use super::money::Money;
use super::own::Tag;
use super::value::{Income, ValueTold};
use super::visit::Visit;
use super::visit_due::VisitDue;

/// A row that stands has this for its end.
pub const STANDS: Position = Position::MAX;

/// What every fact is broken down by: places in the words of each dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
    /// The level of education.
    pub education: u8,
    /// The sector.
    pub sector: u8,
    /// Disability: 0 unknown, 1 no, 2 yes.
    pub disability: u8,
    /// Displaced: 0 unknown, 1 no, 2 yes.
    pub displaced: u8,
}

/// One row: what it tells, of whom, when, and between which positions it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureFact {
    /// Position of the event that told it.
    pub since: Position,
    /// Position of the event that took it back; the largest one while it stands.
    pub until: Position,
    /// What it tells beside that it happened.
    pub tells: Tells,
    /// What it is broken down by.
    pub dims: Dims,
    /// Place of the path in the cube; as [`walk`](super::super::cube::Cube::walk) tells it, of the path that stands
    /// for the person.
    pub case: u32,
    /// Sequence of the event in its stream.
    pub sequence: u32,
    /// Day of the fact, as days from the common era.
    pub on: i32,
    /// Day from which it is so no longer, of what lasts; none while it lasts, and for what does not.
    pub ends_on: Option<DayNumber>,
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
    /// What was owed of a loan.
    Loan(Loan),
    /// A part of an instalment.
    Due(Due),
    /// Jobs of a business.
    JobCount(JobCount),
    /// A business.
    Business(Business),
    /// What somebody does for a living.
    Employment(Employment),
    /// How a business was seen.
    Visit(Visit),
    /// A visit that falls due.
    VisitDue(VisitDue),
    /// An income, brought to a year.
    Income(Income),
    /// A number in the measure's unit: people reached, a change of francs.
    Value(i64),
    /// A grievance and whether it was resolved.
    Grievance(Grievance),
    /// The path under which the person continues.
    Link(Link),
}

/// Whether what begins on a day and ends on another lasts on a day: from its own day on, until it ends.
#[inline]
#[must_use]
pub fn lasts_on(day: i32, on: i32, ends_on: Option<DayNumber>) -> bool {
    on <= day && ends_on.is_none_or(|ends| day < ends.number())
}

impl FigureFact {
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
            Tells::Employment(employment) => employment.status,
            Tells::Nothing
            | Tells::Attendance(_)
            | Tells::Loan(_)
            | Tells::Due(_)
            | Tells::JobCount(_)
            | Tells::Business(_)
            | Tells::VisitDue(_)
            | Tells::Value(_)
            | Tells::Link(_) => 0,
        }
    }

    /// Whether what it tells lasts on a day: from its own day on, until it ends.
    #[must_use]
    pub fn lasts_on(&self, day: i32) -> bool {
        lasts_on(day, self.on, self.ends_on)
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

macro_rules! tells {
    ($($kind:ident),*) => {
        $(impl From<$kind> for Tells {
            fn from(told: $kind) -> Self {
                Self::$kind(told)
            }
        })*
    };
}
tells!(
    Attendance, Assessment, Money, Loan, Due, Employment, JobCount, Business, Visit, VisitDue,
    Income, Grievance, Link
);

impl From<()> for Tells {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

impl From<ValueTold> for Tells {
    fn from(told: ValueTold) -> Self {
        match told {
            ValueTold::Income(income) => Self::Income(income),
            ValueTold::Value(value) => Self::Value(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_takes_80_bytes_at_most() {
        assert!(size_of::<FigureFact>() <= 80, "{}", size_of::<FigureFact>());
    }
}
