//! How a business was seen at a visit.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// How a business was seen at a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Months after the start that the visit was made for; 0 beside the milestones.
    pub milestone: u32,
    /// Place of the word of how the business stood.
    pub status: Tag,
}

#[derive(FromRow)]
pub(super) struct VisitRow {
    milestone: Option<i64>,
    business_status: String,
}

impl OwnColumns for VisitRow {
    const SOURCE: Source = Source::Visits;
    const TABLE: &'static str = "visits";
    const COLUMNS: &'static str = "milestone, business_status";
    type Told = Visit;

    fn measure(&self) -> &'static str {
        "visit"
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let milestone = u32::try_from(self.milestone.unwrap_or(0))?;
        let status = tag(cube, &self.business_status)?;
        Ok(Visit { milestone, status })
    }
}
