//! Two births side by side: by the day where both tell it, else by the year.

use chrono::{Datelike, NaiveDate};

/// The points of one day of birth.
const SAME_DAY: i32 = 40;
/// The points of two days that differ by a slip: one digit, two that have changed places, day and month.
const SLIP_OF_DAY: i32 = 15;
/// The points of one day and month in two years.
const SAME_IN_THE_YEAR: i32 = 0;
/// The points of one year, no day being told.
const SAME_YEAR: i32 = 10;
/// The points of a year beside: years are often estimated.
const YEAR_BESIDE: i32 = 5;
/// The points of two days of one year.
const OTHER_DAY: i32 = -50;
/// The points of years that differ by a slip of the pen.
const SLIP_OF_YEAR: i32 = -50;
/// The points of two years.
const OTHER_YEAR: i32 = -60;

/// When a person was born.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Birth {
    pub(super) year: i32,
    /// The day, where it says something.
    pub(super) day: Option<NaiveDate>,
}

impl Birth {
    /// A birth as told. The first and the last day of a year are what registers write of whom only the
    /// year is known.
    pub(super) fn new(year: i32, day: Option<NaiveDate>) -> Self {
        let says_nothing = |day: &NaiveDate| matches!((day.month(), day.day()), (1, 1) | (12, 31));
        Self { year, day: day.filter(|day| !says_nothing(day)) }
    }

    /// The day with day and month in each other's place, when that is another day.
    pub(super) fn swapped(self) -> Option<NaiveDate> {
        let day = self.day?;
        let swapped = NaiveDate::from_ymd_opt(day.year(), day.day(), day.month())?;
        (swapped != day).then_some(swapped)
    }
}

/// What two births are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Births {
    /// One day.
    OneDay,
    /// Nothing says that they are two: a slip, one year, a year beside.
    Alike,
    /// Two.
    Two,
}

/// Compares two births, with their points.
pub(super) fn compare(one: Birth, other: Birth) -> (Births, i32) {
    let (Some(mine), Some(its)) = (one.day, other.day) else {
        return compare_years(one.year, other.year);
    };
    let in_the_year = |day: NaiveDate| (day.month(), day.day());
    if mine == its {
        (Births::OneDay, SAME_DAY)
    } else if one.swapped() == Some(its) || is_slip_of_day(mine, its) {
        (Births::Alike, SLIP_OF_DAY)
    } else if in_the_year(mine) == in_the_year(its) {
        (Births::Alike, SAME_IN_THE_YEAR)
    } else if mine.year() == its.year() {
        (Births::Two, OTHER_DAY)
    } else {
        (Births::Two, compare_years(mine.year(), its.year()).1.min(SLIP_OF_YEAR))
    }
}

fn compare_years(one: i32, other: i32) -> (Births, i32) {
    match one.abs_diff(other) {
        0 => (Births::Alike, SAME_YEAR),
        1 => (Births::Alike, YEAR_BESIDE),
        _ if is_slip(&one.to_string(), &other.to_string()) => (Births::Two, SLIP_OF_YEAR),
        _ => (Births::Two, OTHER_YEAR),
    }
}

fn is_slip_of_day(one: NaiveDate, other: NaiveDate) -> bool {
    let written = |day: NaiveDate| day.format("%Y%m%d").to_string();
    is_slip(&written(one), &written(other))
}

/// Tells whether numbers of one length differ in one digit, or in two that have changed places.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let differing: Vec<usize> =
        (0..one.len()).filter(|at| one.as_bytes().get(*at) != other.as_bytes().get(*at)).collect();
    if one.len() != other.len() {
        return false;
    }
    match differing[..] {
        [_] => true,
        [first, second] => {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            second == first + 1 && one[first] == other[second] && one[second] == other[first]
        }
        _ => false,
    }
}
