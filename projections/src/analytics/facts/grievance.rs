//! A grievance and whether it was resolved.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::day::DayNumber;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// A grievance; its day is that on which it was lodged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grievance {
    /// Place of the word of what it is about.
    pub category: Tag,
    /// Day on which it was resolved; none while it is open.
    pub resolved_on: Option<DayNumber>,
}

#[derive(FromRow)]
pub(super) struct GrievanceRow {
    category: String,
    resolved_on: Option<NaiveDate>,
}

impl OwnColumns for GrievanceRow {
    const SOURCE: Source = Source::Grievances;
    const TABLE: &'static str = "grievances";
    const COLUMNS: &'static str = "category, resolved_on";
    type Told = Grievance;

    fn measure(&self) -> &'static str {
        "grievance"
    }

    /// It is open until it is resolved.
    fn ends_on(&self) -> Option<NaiveDate> {
        self.resolved_on
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let category = tag(cube, &self.category)?;
        Ok(Grievance { category, resolved_on: self.resolved_on.map(DayNumber::from) })
    }
}
