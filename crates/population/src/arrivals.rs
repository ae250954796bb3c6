//! When people come: more each year, fewer when the fields call, nobody before the offices are ready.

use chrono::Datelike;

use crate::calendar::{Calendar, Day, date, working_day};

/// The first registrations: two months after the signature.
const OPENING: Day = 62;
/// Weight of each month: rains and fields from June to September.
const MONTHS: [u64; 12] = [110, 115, 110, 105, 100, 70, 60, 55, 80, 110, 115, 100];
/// What each year adds to a day's weight, in percent of the first year's.
const GROWTH_PERCENT: u64 = 12;

/// How many have come by the end of each day.
pub(crate) struct Arrivals {
    by_day: Vec<u64>,
}

impl Arrivals {
    /// `cases` people, over all working days of the calendar.
    pub fn new(cases: u64, calendar: Calendar) -> Self {
        let mut sum = 0_u64;
        let weights = (0..calendar.end()).map(|day| {
            sum += weight(day);
            sum
        });
        let sums: Vec<u64> = weights.collect();
        let whole = sums.last().copied().unwrap_or(0).max(1);
        let share =
            |sum: u64| u64::try_from(u128::from(cases) * u128::from(sum) / u128::from(whole));
        Self { by_day: sums.into_iter().map(|sum| share(sum).unwrap_or(cases)).collect() }
    }

    /// How many have come by the end of a day; after the last day, all.
    pub fn by(&self, day: Day) -> u64 {
        self.by_day.get(day as usize).or(self.by_day.last()).copied().unwrap_or(0)
    }

    /// How many come from the first to before the second day.
    pub fn within(&self, from: Day, to: Day) -> u64 {
        let before = |day: Day| day.checked_sub(1).map_or(0, |day| self.by(day));
        before(to) - before(from)
    }
}

fn weight(day: Day) -> u64 {
    if day < OPENING || working_day(day) != day {
        return 0;
    }
    let month = MONTHS[date(day).month0() as usize];
    month * (100 + GROWTH_PERCENT * u64::from(day) / 365)
}
