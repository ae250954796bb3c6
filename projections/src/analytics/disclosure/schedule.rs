//! The moments at which figures are published.

use std::collections::HashMap;

use chrono::NaiveDate;
use sira_domain::programme::Reporting;

use super::super::query::Moment;

/// How often a programme's figures are published, as its rules said from one day to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar(Vec<(NaiveDate, Reporting)>);

impl Calendar {
    /// From the days on which it changed, the earliest first. By the month before the first of them.
    #[must_use]
    pub const fn new(changes: Vec<(NaiveDate, Reporting)>) -> Self {
        Self(changes)
    }

    /// How often figures are published on a day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Reporting {
        let standing = self.0.iter().rev().find(|(from, _)| *from <= day);
        standing.map(|(_, reporting)| *reporting).unwrap_or_default()
    }

    /// Whether figures are published as of the end of a day.
    #[must_use]
    pub fn ends_on(&self, day: NaiveDate) -> bool {
        self.on(day).ends_on(day)
    }
}

/// The reporting moments that are over, and which programmes publish at each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Every moment at which some programme publishes, the earliest first.
    pub moments: Vec<Moment>,
    /// How often each programme publishes, by its id; one that is not here does by the month.
    pub programmes: HashMap<String, Calendar>,
}

impl Schedule {
    /// Whether a programme publishes as of the end of a day.
    #[must_use]
    pub fn publishes(&self, programme: &str, day: NaiveDate) -> bool {
        match self.programmes.get(programme) {
            Some(calendar) => calendar.ends_on(day),
            None => Reporting::Month.ends_on(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_rules_said_on_a_day_decides_whether_it_is_a_reporting_moment() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let calendar = Calendar::new(vec![
            (day("2024-03-10"), Reporting::Week),
            (day("2024-05-01"), Reporting::Quarter),
        ]);
        for (text, wanted) in [
            ("2024-02-29", true),
            ("2024-03-03", false),
            ("2024-03-10", true),
            ("2024-04-30", true),
            ("2024-05-31", false),
            ("2024-06-30", true),
        ] {
            assert_eq!(calendar.ends_on(day(text)), wanted, "{text}");
        }
    }
}
