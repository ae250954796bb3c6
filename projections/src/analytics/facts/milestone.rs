//! What somebody has reached: the day alone counts.

use sqlx::FromRow;

use super::super::words::Dictionary;
use super::reading::{OwnColumns, TooManyWords};
use super::{Source, Tells};

#[derive(FromRow)]
pub(super) struct MilestoneRow {
    milestone: String,
}

impl OwnColumns for MilestoneRow {
    const SOURCE: Source = Source::CaseMilestones;
    const TABLE: &'static str = "case_milestones";
    const COLUMNS: &'static str = "milestone";

    fn measure(&self) -> &str {
        &self.milestone
    }

    fn tells(&self, _: &mut Dictionary) -> Result<Tells, TooManyWords> {
        Ok(Tells::Nothing)
    }
}
