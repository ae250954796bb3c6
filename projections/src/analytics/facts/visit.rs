//! How a business was seen at a visit.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Tag, Unfit, tag};

/// How a business was seen at a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Jobs of women and men that it saw; none where it told none.
    pub jobs: Option<u32>,
    /// Months after the start that the visit was made for; 0 beside the milestones.
    pub milestone: u16,
    /// Place of the word of how the business stood.
    pub status: Tag,
}

#[derive(FromRow)]
pub(super) struct VisitRow {
    milestone: Option<i64>,
    business_status: String,
    jobs_women: Option<i64>,
    jobs_men: Option<i64>,
}

impl OwnColumns for VisitRow {
    const SOURCE: Source = Source::Visits;
    const TABLE: &'static str = "visits";
    const COLUMNS: &'static str = "milestone, business_status, jobs_women, jobs_men";
    type Told = Visit;

    fn measure(&self) -> &'static str {
        "visit"
    }

    fn tells(&self, cube: &mut Cube) -> Result<Self::Told, Unfit> {
        let milestone = u16::try_from(self.milestone.unwrap_or(0))?;
        let status = tag(cube, &self.business_status)?;
        let jobs = self.jobs_women.zip(self.jobs_men).map(|(women, men)| women + men);
        let jobs = jobs.map(u32::try_from).transpose()?;
        Ok(Visit { jobs, milestone, status })
    }
}
