//! How often somebody may ask: so many requests a minute, by token and by address, kept in bounded
//! memory (GCRA, the generic cell rate algorithm). Nothing here is logged or counted by address.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::{HeaderMap, HeaderValue};
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sira_numbers::at_most;

/// Callers remembered for each limit. An entry is some 100 bytes; whoever is forgotten begins with a
/// full quota, so a flood from more addresses than this loosens the limit and takes no memory.
const CALLERS_MAX: usize = 100_000;
/// The window in which a quota is given, in seconds.
const WINDOW_S: i64 = 60;
/// Microseconds of a second.
const SECOND_US: i64 = 1_000_000;
/// Applications of people without an account from one address, in an hour. A household, or the customers of a
/// cyber café one after the other; an office that takes applications down registers them under an account.
pub const APPLICATIONS_OF_ADDRESS: u32 = 20;
/// The window in which they are given, in seconds.
pub const APPLICATIONS_WINDOW_S: i64 = 3_600;

/// How many requests a minute; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one token.
    pub token: u32,
    /// Of one address. An office, or a whole town behind its operator, may be one address.
    pub address: u32,
    /// Tokens that are none of ours, from one address.
    pub failures: u32,
}

impl RateLimits {
    /// No limit.
    pub const OFF: Self = Self { token: 0, address: 0, failures: 0 };
}

impl Default for RateLimits {
    fn default() -> Self {
        // A token: a device that sends a week's work in one go, 20 a second for ever. An address:
        // an office of fifty such devices at a tenth of that each. Failures: a mistyped token a few
        // times over, by several people; guessing needs more by many orders of magnitude.
        Self { token: 1_200, address: 6_000, failures: 30 }
    }
}

/// What a limit says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitStanding {
    /// Whether the request may go on.
    pub is_within: bool,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until the whole quota is there again, or, when nothing is left, until the next
    /// request may come.
    pub reset_s: i64,
}

/// One limit: a quota for each key.
pub struct Limit {
    name: &'static str,
    quota: u32,
    /// The time in which it is given, in microseconds.
    window_us: i64,
    /// The same in every answer, so it is written once.
    policy: HeaderValue,
    /// When each key's quota will be whole again: microseconds since 1970.
    whole_at: Cache<u64, Arc<AtomicI64>>,
    /// Keyed at random, so that nobody can choose an address that shares another's quota.
    hasher: std::hash::RandomState,
}

impl Limit {
    /// A limit of so many requests a minute; none for 0.
    #[must_use]
    pub fn new(name: &'static str, quota: u32) -> Option<Self> {
        Self::within(name, quota, WINDOW_S)
    }

    /// A limit of so many requests in so many seconds; none for 0.
    #[must_use]
    pub fn within(name: &'static str, quota: u32, seconds: i64) -> Option<Self> {
        let hasher = std::hash::RandomState::new();
        let policy = HeaderValue::from_str(&format!("\"{name}\";q={quota};w={seconds}")).ok()?;
        let (whole_at, window_us) = (Cache::new(CALLERS_MAX), seconds * SECOND_US);
        (quota > 0).then_some(Self { name, quota, window_us, policy, whole_at, hasher })
    }

    /// Takes one request from a key's quota, if one is left.
    pub fn take(&self, key: impl std::hash::Hash, now: DateTime<Utc>) -> LimitStanding {
        self.take_many(key, now, 1)
    }

    /// Takes so many requests from a key's quota, if as many are left; else none.
    pub fn take_many(
        &self,
        key: impl std::hash::Hash,
        now: DateTime<Utc>,
        requests: u32,
    ) -> LimitStanding {
        // What is more than the whole quota waits for all of it.
        let cost = self.cost_us().saturating_mul(requests.into()).min(self.window_us);
        self.decide(key, now, cost)
    }

    /// Says how a key stands, and takes nothing.
    pub fn look(&self, key: impl std::hash::Hash, now: DateTime<Utc>) -> LimitStanding {
        self.decide(key, now, 0)
    }

    /// A quota is full at first and refills evenly: a request moves the moment at which it will be
    /// whole by `cost`, and that moment never lies further away than the window.
    fn decide(&self, key: impl std::hash::Hash, now: DateTime<Utc>, cost: i64) -> LimitStanding {
        let now = now.timestamp_micros();
        let key = self.hasher.hash_one(key);
        let made = || Ok::<_, std::convert::Infallible>(Arc::new(AtomicI64::new(now)));
        let Ok(whole_at) = self.whole_at.get_or_insert_with(&key, made);
        let latest = now + self.window_us - cost.max(self.cost_us());
        let taken = whole_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| {
            // A clock that was set back must lock nobody out for longer than a window.
            let at = at.clamp(now, now + self.window_us);
            (at <= latest).then_some(at + cost)
        });
        match taken {
            Ok(at) => self.spent(at.clamp(now, now + self.window_us) + cost - now),
            Err(at) => LimitStanding {
                is_within: false,
                remaining: 0,
                reset_s: whole_seconds(at.min(now + self.window_us) - latest).max(1),
            },
        }
    }

    fn spent(&self, owed_us: i64) -> LimitStanding {
        let remaining = at_most(
            (self.window_us - owed_us).max(0).unsigned_abs() / self.cost_us().unsigned_abs(),
            u32::MAX,
        );
        LimitStanding { is_within: true, remaining, reset_s: whole_seconds(owed_us) }
    }

    fn cost_us(&self) -> i64 {
        (self.window_us / i64::from(self.quota)).max(1)
    }

    /// Writes the headers of the IETF draft (draft-ietf-httpapi-ratelimit-headers).
    pub fn write(&self, standing: LimitStanding, headers: &mut HeaderMap) {
        let LimitStanding { remaining, reset_s, .. } = standing;
        headers.insert("ratelimit-policy", self.policy.clone());
        let state = format!("\"{}\";r={remaining};t={reset_s}", self.name);
        if let Ok(value) = HeaderValue::from_str(&state) {
            headers.insert("ratelimit", value);
        }
    }
}

fn whole_seconds(micros: i64) -> i64 {
    (micros.max(0) + 999_999) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_quota_is_given_at_once_and_refills_evenly() {
        let limit = Limit::new("token", 60).unwrap();
        for left in (0..60).rev() {
            let standing = limit.take("a", at(0));
            assert_eq!((standing.is_within, standing.remaining), (true, left));
        }
        let refused = LimitStanding { is_within: false, remaining: 0, reset_s: 1 };
        assert_eq!(limit.take("a", at(0)), refused);
        assert_eq!(limit.take("a", at(999)), refused);
        assert!(limit.take("b", at(999)).is_within);
        assert!(limit.take("a", at(1_000)).is_within);
        assert!(!limit.take("a", at(1_000)).is_within);
        assert_eq!(limit.look("a", at(61_000)).remaining, 60);
    }

    #[test]
    fn many_are_taken_together_or_not_at_all() {
        let limit = Limit::new("token", 60).unwrap();
        assert_eq!(limit.take_many("a", at(0), 50).remaining, 10);
        let refused = LimitStanding { is_within: false, remaining: 0, reset_s: 1 };
        assert_eq!(limit.take_many("a", at(0), 11), refused);
        assert_eq!(limit.take_many("a", at(0), 10).remaining, 0, "a refusal takes nothing");
        assert!(!limit.take_many("b", at(0), 60).is_within || !limit.take("b", at(0)).is_within);
        assert!(limit.take_many("c", at(0), 500).is_within, "more than all waits for all of it");
        assert!(!limit.take_many("c", at(59_000), 500).is_within);
        assert!(limit.take_many("c", at(60_000), 500).is_within);
    }

    #[test]
    fn looking_takes_nothing() {
        let limit = Limit::new("failures", 2).unwrap();
        for _ in 0..10 {
            assert!(limit.look("a", at(0)).is_within);
        }
        limit.take("a", at(0));
        limit.take("a", at(0));
        assert!(!limit.look("a", at(0)).is_within);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_long() {
        let limit = Limit::new("token", 1).unwrap();
        assert!(limit.take("a", at(3_600_000)).is_within);
        assert!(!limit.take("a", at(0)).is_within);
        assert_eq!(limit.take("a", at(0)).reset_s, 60);
    }

    #[test]
    fn the_headers_are_those_of_the_draft() {
        let limit = Limit::new("token", 600).unwrap();
        let mut headers = HeaderMap::new();
        limit.write(limit.take("a", at(0)), &mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"token\";q=600;w=60");
        assert_eq!(headers["ratelimit"], "\"token\";r=599;t=1");
    }
}
