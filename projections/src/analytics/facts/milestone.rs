//! What somebody has reached: the day alone counts.

use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

#[derive(FromRow)]
pub(super) struct MilestoneRow {
    milestone: String,
}

impl OwnColumns for MilestoneRow {
    const SOURCE: Source = Source::CaseMilestones;
    const TABLE: &'static str = "case_milestones";
    const COLUMNS: &'static str = "milestone";
    type Told = ();

    fn measure(&self) -> &str {
        &self.milestone
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(())
    }
}
