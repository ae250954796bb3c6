//! A follow-up visit: when it fell due, and when it was made.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::day::DayNumber;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// A visit that falls due; its day is that on which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitDue {
    /// Day of the visit; none while it was not made.
    pub visited_on: Option<DayNumber>,
    /// Whether somebody was to be visited on that day.
    pub is_due: bool,
}

#[derive(FromRow)]
pub(super) struct VisitDueRow {
    visited_on: Option<NaiveDate>,
    due: bool,
}

impl OwnColumns for VisitDueRow {
    const SOURCE: Source = Source::VisitsDue;
    const TABLE: &'static str = "visits_due";
    const COLUMNS: &'static str = "visited_on, due";
    type Told = VisitDue;

    fn measure(&self) -> &'static str {
        "visit_due"
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(VisitDue { visited_on: self.visited_on.map(DayNumber::from), is_due: self.due })
    }
}
