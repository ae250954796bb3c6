//! Days and periods of days. A day is a calendar day in Mali, which is a day in UTC.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::ValueError;

/// No fact is older than this: surveys of incomes reach back decades, nothing reaches back further.
pub const EARLIEST_DATE: NaiveDate = NaiveDate::from_ymd_opt(1950, 1, 1).expect("a calendar day");

/// A period of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Period {
    /// First day of the period, which belongs to it.
    pub from: NaiveDate,
    /// Last day, not before the first.
    pub to: NaiveDate,
}

impl Period {
    /// Checks and keeps a period.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `period_order` when it ends before it begins.
    pub fn try_new(from: NaiveDate, to: NaiveDate) -> Result<Self, ValueError> {
        if to < from {
            return Err(ValueError::new("period_order", ""));
        }
        Ok(Self { from, to })
    }

    /// Tells whether `day` lies within the period, both ends included.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            from: NaiveDate,
            to: NaiveDate,
        }
        let Ends { from, to } = Ends::deserialize(deserializer)?;
        Self::try_new(from, to).map_err(serde::de::Error::custom)
    }
}
