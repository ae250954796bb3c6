//! Whether the clock can be right. Time never goes back in the journal, so that one command under a clock that is
//! ahead would put that day on every later event.
//!
//! What a clock is held against: how far it went since this process opened the journal, by a clock that nobody can
//! set; the clock of the database's server, where there is one; and the time of the last event. A clock that a test
//! turns by hand does not go by itself, and is believed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sira_database::ByEngine;
use sira_evidence::leaf::time_text;

use crate::config::ClockBounds;
use crate::halt::Halt;
use crate::{Journal, JournalError};

/// For how long a comparison with the server's clock is good. The clock that nobody can set watches meanwhile.
const COMPARED_FOR: Duration = Duration::from_mins(1);
/// The settings that say which time of the head was accepted.
const ACCEPTED: &str = "clock_accepted/";

/// Why the clock is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockFault {
    /// It was set while this process ran, or the machine slept.
    #[error(
        "the clock moved by {by_s} s more than it could since this process began: see to the clock, and start the \
         server anew"
    )]
    Jumped {
        /// Seconds.
        by_s: i64,
    },
    /// It is far from the clock of the database's server.
    #[error("the clock is {by_s} s ahead of the database server's: see to both")]
    Apart {
        /// Seconds; below zero when it is behind.
        by_s: i64,
    },
    /// The last recorded time lies ahead of it.
    #[error(
        "the last recorded time, {recorded_at}, lies ahead of the clock: either the clock is behind now, or it was \
         ahead then. See to the clock; if it is right, `sira accept-clock`"
    )]
    HeadAhead {
        /// That time.
        recorded_at: String,
    },
    /// So long after the last recorded time that the clock is more likely ahead.
    #[error(
        "nothing was recorded since {recorded_at}: the clock is more likely ahead. See to it; if it is right, `sira \
         accept-clock`"
    )]
    Rested {
        /// That time.
        recorded_at: String,
    },
}

/// A clock that is watched.
pub(crate) struct ClockWatch {
    bounds: ClockBounds,
    state: Mutex<Watched>,
}

struct Watched {
    /// The clock's time when this process began, and that moment by the clock that nobody can set.
    began: Option<(DateTime<Utc>, Instant)>,
    /// When the clock was last found to agree with the server's.
    compared: Option<Instant>,
    /// A time of the head that somebody has accepted as it is.
    accepted: Option<DateTime<Utc>>,
    fault: Option<ClockFault>,
}

impl ClockWatch {
    /// Watches a clock from now on; `now` is none for one that does not go by itself.
    pub fn new(bounds: ClockBounds, now: Option<DateTime<Utc>>) -> Self {
        let began = now.map(|now| (now, Instant::now()));
        let state = Watched { began, compared: None, accepted: None, fault: None };
        Self { bounds, state: Mutex::new(state) }
    }

    /// Whether the server's clock need not be asked again yet.
    pub fn is_compared(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.began.is_none() || state.compared.is_some_and(|at| at.elapsed() < COMPARED_FOR)
    }

    /// Believes the clock, or says why not; said in the log whenever that changes.
    pub fn check(
        &self,
        now: DateTime<Utc>,
        last: DateTime<Utc>,
        server: Option<DateTime<Utc>>,
    ) -> Result<(), Halt> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = self.fault(&mut state, now, last, server);
        if fault != state.fault {
            if let Some(why) = &fault {
                tracing::error!(error = %why, "the clock is not believed: nothing is recorded");
            } else {
                tracing::warn!("the clock is believed again");
            }
            state.fault.clone_from(&fault);
        }
        fault.map_or(Ok(()), |why| Err(Halt::Clock(why)))
    }

    fn fault(
        &self,
        state: &mut Watched,
        now: DateTime<Utc>,
        last: DateTime<Utc>,
        server: Option<DateTime<Utc>>,
    ) -> Option<ClockFault> {
        let began = state.began?;
        let apart = server.map(|server| now - server);
        if let Some(apart) = apart.filter(|apart| apart.abs() > delta(self.bounds.apart_max)) {
            return Some(ClockFault::Apart { by_s: apart.num_seconds() });
        }
        let by = now - began.0 - delta(began.1.elapsed());
        if by.abs() > delta(self.bounds.jump_max) {
            if apart.is_none() {
                return Some(ClockFault::Jumped { by_s: by.num_seconds() });
            }
            // The server's clock vouches for it: this machine slept.
            state.began = Some((now, Instant::now()));
        }
        if apart.is_some() {
            state.compared = Some(Instant::now());
        }
        if state.accepted == Some(last) || last == DateTime::UNIX_EPOCH {
            return None;
        }
        let recorded_at = || time_text(last);
        if last - now > delta(self.bounds.apart_max) {
            return Some(ClockFault::HeadAhead { recorded_at: recorded_at() });
        }
        (now - last > delta(self.bounds.rest_max))
            .then(|| ClockFault::Rested { recorded_at: recorded_at() })
    }

    fn accept(&self, last: DateTime<Utc>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).accepted = Some(last);
    }

    /// Why the clock is not believed, as it was found last.
    pub fn standing(&self) -> Option<ClockFault> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).fault.clone()
    }
}

/// What does not fit lies beyond every bound.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

impl Journal {
    /// Looks at the clock as an append does, so that [`Journal::halted`] says how it stands now: an append that is
    /// refused for it may have been the last.
    ///
    /// # Errors
    /// [`JournalError::Database`].
    pub async fn look_at_clock(&self) -> Result<Option<ClockFault>, JournalError> {
        let last = self.head().await?.recorded_at;
        if self.setting(&accepted(last)).await?.is_some() {
            self.shared().watch.accept(last);
        }
        let server = match self.pool() {
            ByEngine::Postgres(pool) => {
                Some(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await?)
            }
            ByEngine::Sqlite(_) => None,
        };
        let now = self.shared().clock.now();
        let believed = self.shared().watch.check(now, last, server);
        Ok(match believed {
            Err(Halt::Clock(why)) => Some(why),
            _ => None,
        })
    }

    /// Accepts the last recorded time as it is: somebody has seen that the clock is right. That is kept for ever, as a
    /// setting of the journal; what is recorded from now on has that time until the clock has passed it. False when
    /// there was nothing to accept. Durable when it returns; a running server learns of it when `/readyz` is asked.
    ///
    /// # Errors
    /// [`JournalError::Halted`] for what cannot be accepted: a clock that is wrong now. [`JournalError::Database`].
    pub async fn accept_clock(&self, by: &str) -> Result<bool, JournalError> {
        match self.look_at_clock().await? {
            None => Ok(false),
            Some(ClockFault::HeadAhead { .. } | ClockFault::Rested { .. }) => {
                let (last, now) = (self.head().await?.recorded_at, self.shared().clock.now());
                self.set_once(&accepted(last), &format!("{} {by}", time_text(now))).await?;
                self.shared().watch.accept(last);
                Ok(true)
            }
            Some(why) => Err(Halt::Clock(why).into()),
        }
    }
}

fn accepted(last: DateTime<Utc>) -> String {
    format!("{ACCEPTED}{}", time_text(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(now: DateTime<Utc>) -> ClockWatch {
        ClockWatch::new(ClockBounds::default(), Some(now))
    }

    fn day(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_that_jumps_is_not_believed_unless_the_server_vouches_for_it() {
        let now = day("2026-05-01T08:00:00Z");
        let hours = |hours| now + TimeDelta::hours(hours);
        let watch = watch(now);
        assert_eq!(watch.check(hours(2), now, None), Ok(()));
        for far in [hours(37), hours(-37), day("2099-01-01T00:00:00Z"), day("1970-01-02T00:00:00Z")]
        {
            assert!(matches!(
                watch.check(far, hours(-40), None),
                Err(Halt::Clock(ClockFault::Jumped { .. }))
            ));
            let apart = watch.check(far, now, Some(now));
            assert!(matches!(apart, Err(Halt::Clock(ClockFault::Apart { .. }))), "{apart:?}");
        }
        assert!(watch.standing().is_some());
        // The machine slept for two days.
        assert_eq!(watch.check(hours(48), now, Some(hours(48))), Ok(()));
        assert_eq!(watch.check(hours(49), now, None), Ok(()));
        assert_eq!(watch.standing(), None);
    }

    #[test]
    fn a_last_time_that_lies_ahead_or_far_back_waits_for_somebody_to_accept_it() {
        let now = day("2026-05-01T08:00:00Z");
        for (last, is_believed) in [
            ("1970-01-01T00:00:00Z", true),
            ("2010-05-01T08:00:00Z", false),
            ("2026-01-01T08:00:00Z", true),
            ("2026-05-01T08:50:00Z", true),
            ("2026-05-01T09:10:00Z", false),
            ("2999-05-01T09:10:00Z", false),
        ] {
            let (watch, last) = (watch(now), day(last));
            assert_eq!(watch.check(now, last, None).is_ok(), is_believed, "{last}");
            watch.accept(last);
            assert_eq!(watch.check(now, last, None), Ok(()));
        }
    }

    #[test]
    fn a_clock_that_is_turned_by_hand_is_believed() {
        let watch = ClockWatch::new(ClockBounds::default(), None);
        assert_eq!(watch.check(day("2999-01-01T00:00:00Z"), DateTime::UNIX_EPOCH, None), Ok(()));
    }
}
