//! A business: when it started, was last seen, and closed.

use chrono::NaiveDate;
use sqlx::FromRow;

use super::super::cube::Cube;
use super::day::DayNumber;
use super::measure::Source;
use super::own::{OwnColumns, Unfit};

/// A business; its day is that on which it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Business {
    /// Number within the path, from 1.
    pub number: u32,
    /// Last day on which a visit saw it trading or paused.
    pub last_seen_on: Option<DayNumber>,
    /// Day on which it closed, or was first seen closed.
    pub closed_on: Option<DayNumber>,
}

#[derive(FromRow)]
pub(super) struct BusinessRow {
    business: i64,
    last_seen_on: Option<NaiveDate>,
    closed_on: Option<NaiveDate>,
}

impl OwnColumns for BusinessRow {
    const SOURCE: Source = Source::Businesses;
    const TABLE: &'static str = "businesses";
    const COLUMNS: &'static str = "business, last_seen_on, closed_on";
    type Told = Business;

    fn measure(&self) -> &'static str {
        "business"
    }

    fn ends_on(&self) -> Option<NaiveDate> {
        self.closed_on
    }

    fn tells(&self, _: &mut Cube) -> Result<Self::Told, Unfit> {
        Ok(Business {
            number: self.business.try_into()?,
            last_seen_on: self.last_seen_on.map(DayNumber::from),
            closed_on: self.closed_on.map(DayNumber::from),
        })
    }
}
