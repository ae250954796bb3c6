//! Jobs of a business, from one sighting to the next.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// Jobs of a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCount {
    /// Full-time equivalents in hundredths.
    pub full_time_hundredths: u32,
    /// Jobs more, or less, than were told before.
    pub change: i32,
    /// Held by women.
    pub women: u16,
    /// Held by men.
    pub men: u16,
    /// Held by people under 35.
    pub under_35: u16,
    /// Above the most that were seen before.
    pub created: u16,
}

impl JobCount {
    /// Jobs of women and men.
    #[must_use]
    pub fn all(&self) -> i64 {
        i64::from(self.women) + i64::from(self.men)
    }
}

#[derive(FromRow)]
pub(super) struct JobCountRow {
    women: i64,
    men: i64,
    under_35: i64,
    full_time_hundredths: i64,
    created: i64,
    change: i64,
    ended_on: Option<NaiveDate>,
}

impl OwnColumns for JobCountRow {
    const SOURCE: Source = Source::JobCounts;
    const TABLE: &'static str = "job_counts";
    const COLUMNS: &'static str =
        "women, men, under_35, full_time_hundredths, created, change, ended_on";
    type Told = JobCount;

    fn measure(&self) -> &'static str {
        "jobs"
    }

    fn ends_on(&self) -> Option<NaiveDate> {
        self.ended_on
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(JobCount {
            full_time_hundredths: self.full_time_hundredths.try_into()?,
            change: self.change.try_into()?,
            women: self.women.try_into()?,
            men: self.men.try_into()?,
            under_35: self.under_35.try_into()?,
            created: self.created.try_into()?,
        })
    }
}
