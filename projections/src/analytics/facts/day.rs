//! Days as numbers.

use std::num::NonZeroI32;

use chrono::{Datelike, NaiveDate};

/// A day that a fact tells beside its own. It takes no more room where there may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayNumber(NonZeroI32);

impl DayNumber {
    /// The day of a number; none of 0, which no such day has.
    #[must_use]
    pub fn of_number(number: i32) -> Option<Self> {
        NonZeroI32::new(number).map(Self)
    }

    /// The day as days from the common era.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0.get()
    }
}

impl From<NaiveDate> for DayNumber {
    fn from(day: NaiveDate) -> Self {
        // Number 0 is a day two thousand years ago, the last before the era.
        Self(NonZeroI32::new(number_of(day)).unwrap_or(NonZeroI32::MIN))
    }
}

/// A day as a number.
#[must_use]
pub fn number_of(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// A number as a day.
#[must_use]
pub fn day_of(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_back() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        assert_eq!(day_of(DayNumber::from(day).number()), day);
    }
}
