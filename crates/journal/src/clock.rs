//! The one clock. Everything that needs the time is handed a [`Clock`]; nothing else asks the system.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};

/// Where the time comes from: the system, or a hand that a test turns.
///
/// Times are UTC with microsecond precision, which is what both engines store exactly.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// A clock that stands still until [`Clock::set`] moves it. Microseconds since 1970, UTC.
    Manual(Arc<AtomicI64>),
    /// The system's clock with an error that a test gives it, as somebody's `date --set` would. Microseconds by
    /// which it is ahead.
    Wrong(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is set.
    #[must_use]
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.timestamp_micros())))
    }

    /// The system's clock, right until [`Clock::set`] puts it wrong.
    #[must_use]
    pub fn wrong() -> Self {
        Self::Wrong(Arc::default())
    }

    /// Whether it goes by itself, so that how far it goes can be compared with another clock.
    #[must_use]
    pub const fn goes(&self) -> bool {
        !matches!(self, Self::Manual(_))
    }

    /// The time now, in whole microseconds.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that may read the system clock"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Wrong(micros) => {
                let ahead = TimeDelta::microseconds(micros.load(Ordering::Relaxed));
                Utc::now().trunc_subsecs(6) + ahead
            }
            Self::Manual(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::Relaxed)).unwrap_or_default()
            }
        }
    }

    /// Moves a manual clock to `at`, and one that may be wrong; the system's clock is left alone.
    pub fn set(&self, at: DateTime<Utc>) {
        match self {
            Self::System => {}
            Self::Manual(micros) => micros.store(at.timestamp_micros(), Ordering::Relaxed),
            Self::Wrong(micros) => {
                let ahead = at - Self::System.now();
                micros.store(ahead.num_microseconds().unwrap_or(i64::MAX / 4), Ordering::Relaxed);
            }
        }
    }
}

/// Reads a past moment as people give it: a day means its end (UTC, which is Mali's time), since
/// what was known on a day is what was known when it was over; or a time, RFC 3339.
#[must_use]
pub fn read_moment(text: &str) -> Option<DateTime<Utc>> {
    if let Some(day) = read_day(text) {
        let end = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999)?;
        return Some(day.and_time(end).and_utc());
    }
    // In a query a `+` is a space. An offset may lead out of the years that are written.
    let time = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok()?.to_utc();
    YEARS.contains(&time.year()).then_some(time)
}

/// Reads a day as it is written in one way, `YYYY-MM-DD`. A year of more digits, or before our era, is none:
/// `PostgreSQL` refuses some, and as text, which is how `SQLite` compares, they stand in the wrong order.
#[must_use]
pub fn read_day(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.parse().ok()?;
    YEARS.contains(&day.year()).then_some(day).filter(|day| day.to_string() == text)
}

/// Years of four digits. `PostgreSQL` knows no year 0.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9_999;
