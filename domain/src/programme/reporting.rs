//! How often figures are published to those who see nobody: the days on which a period of reporting ends.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often figures are published to those who must see nobody.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reporting {
    /// At the end of each quarter of a year.
    Quarter,
    /// At the end of each month.
    #[default]
    Month,
    /// At the end of each Sunday and of each month.
    Week,
}

impl Reporting {
    /// Its word in rules and in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
        }
    }

    /// Whether figures are published as of the end of a day.
    #[must_use]
    pub fn ends_on(self, day: NaiveDate) -> bool {
        let next_month = day.succ_opt().filter(|next| next.day() == 1).map(|next| next.month());
        match self {
            Self::Quarter => next_month.is_some_and(|month| month % 3 == 1),
            Self::Month => next_month.is_some(),
            Self::Week => next_month.is_some() || day.weekday() == Weekday::Sun,
        }
    }

    /// The last day, this one or one before it, as of the end of which figures are published.
    #[must_use]
    pub fn last_end(self, day: NaiveDate) -> NaiveDate {
        let before = |days| day.checked_sub_days(Days::new(days));
        (0..=92).filter_map(before).find(|day| self.ends_on(*day)).unwrap_or(day)
    }

    /// The next day, this one or one after it, as of the end of which figures are published.
    #[must_use]
    pub fn next_end(self, day: NaiveDate) -> NaiveDate {
        let after = |days| day.checked_add_days(Days::new(days));
        (0..=92).filter_map(after).find(|day| self.ends_on(*day)).unwrap_or(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn periods_of_reporting_end_with_the_calendar() {
        for (reporting, within, last, next) in [
            (Reporting::Month, "2024-02-10", "2024-01-31", "2024-02-29"),
            (Reporting::Month, "2024-02-29", "2024-02-29", "2024-02-29"),
            (Reporting::Quarter, "2024-02-29", "2023-12-31", "2024-03-31"),
            (Reporting::Quarter, "2024-12-31", "2024-12-31", "2024-12-31"),
            (Reporting::Week, "2024-02-10", "2024-02-04", "2024-02-11"),
            (Reporting::Week, "2024-02-03", "2024-01-31", "2024-02-04"),
        ] {
            assert_eq!(reporting.last_end(day(within)), day(last), "{reporting:?} {within}");
            assert_eq!(reporting.next_end(day(within)), day(next), "{reporting:?} {within}");
        }
    }
}
