//! Simulated time: days since the convention, and the moments of a day at which entries reach the
//! server.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use sira_numbers::at_most;

/// Day 0: the convention was signed on this day.
pub(crate) const SIGNED_ON: NaiveDate =
    NaiveDate::from_ymd_opt(2021, 7, 6).expect("a calendar day");

/// Days since [`SIGNED_ON`].
pub(crate) type Day = u32;

/// From the first day to the last, each with so many moments of recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    /// The first day that is not simulated any more.
    end: Day,
    /// Moments a day, 1 to 8.
    moments: u32,
}

impl Calendar {
    /// Up to the day before `until`.
    pub fn new(until: NaiveDate, moments: u32) -> Self {
        Self { end: day_of(until), moments: moments.clamp(1, 8) }
    }

    /// Moments in all.
    pub fn slots(self) -> u32 {
        self.end * self.moments
    }

    /// The first moment after the last day.
    pub fn end(self) -> Day {
        self.end
    }

    /// Moments a day.
    pub fn moments(self) -> u32 {
        self.moments
    }

    /// The day of a slot.
    pub fn day(self, slot: u32) -> Day {
        slot / self.moments
    }

    /// A slot of the first working day from `day` on; which one of the day is up to `draw`. None when
    /// that is after the end.
    pub fn slot(self, day: Day, draw: u64) -> Option<u32> {
        let day = working_day(day);
        let moment = at_most(draw % u64::from(self.moments), self.moments);
        (day < self.end).then_some(day * self.moments + moment)
    }

    /// The moment of a slot: within working hours, not on the full hour.
    pub fn at(self, slot: u32) -> DateTime<Utc> {
        let (day, moment) = (slot / self.moments, slot % self.moments);
        let hour = 8 + (moment + 1) * 9 / self.moments;
        let odd = slot.wrapping_mul(2_654_435_761);
        let seconds = hour * 3_600 + odd % 3_000;
        let midnight = date(day).and_time(chrono::NaiveTime::MIN).and_utc();
        midnight
            + TimeDelta::seconds(i64::from(seconds))
            + TimeDelta::microseconds(i64::from(odd % 999_983))
    }
}

/// The date of a day.
pub(crate) fn date(day: Day) -> NaiveDate {
    SIGNED_ON.checked_add_days(Days::new(u64::from(day))).unwrap_or(NaiveDate::MAX)
}

/// The day of a date; 0 for one before the convention.
pub(crate) fn day_of(date: NaiveDate) -> Day {
    at_most((date - SIGNED_ON).num_days().max(0).unsigned_abs(), Day::MAX)
}

/// The first working day from `day` on: offices are closed on Saturday and Sunday.
pub(crate) fn working_day(day: Day) -> Day {
    match date(day).weekday() {
        Weekday::Sat => day + 2,
        Weekday::Sun => day + 1,
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_come_one_after_the_other_in_working_hours() {
        let calendar = Calendar::new(date(400), 8);
        let mut last = DateTime::UNIX_EPOCH;
        for slot in 0..calendar.slots() {
            let at = calendar.at(slot);
            assert!(at > last, "{slot}");
            assert_eq!(day_of(at.date_naive()), calendar.day(slot));
            last = at;
        }
    }

    #[test]
    fn nothing_is_recorded_on_a_weekend_or_after_the_end() {
        let calendar = Calendar::new(date(30), 1);
        for day in 0..40 {
            match calendar.slot(day, 3) {
                Some(slot) => assert!(
                    calendar.day(slot) < 30
                        && working_day(calendar.day(slot)) == calendar.day(slot)
                ),
                None => assert!(working_day(day) >= 30),
            }
        }
    }
}
