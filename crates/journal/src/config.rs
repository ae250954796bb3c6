//! How a journal is opened: where it lies, and its limits.

use std::time::Duration;

/// Where a journal lies and the limits it runs with. [`JournalConfig::new`] fills in the defaults.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// `sqlite:PATH` (relative or absolute) or `postgres://...`.
    pub url: String,
    /// The journal's id; part of every leaf hash, so it cannot be changed later.
    pub journal: String,
    /// Requests that may wait for the writer; one more is refused with `Busy`.
    pub queue_limit: usize,
    /// Events after which a batch takes no further request.
    pub batch_limit: usize,
    /// Connections of the pool for reads and side tables; the writer has one of its own.
    pub max_connections: u32,
    /// How long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
    /// How long one step of a batch may take before the connection counts as lost.
    pub database_timeout: Duration,
    /// How far the clock may be from what it is held against.
    pub clock: ClockBounds,
    /// How long to go on asking whether a commit that broke off was made, before answering `InDoubt`.
    pub doubt_timeout: Duration,
}

/// How far the clock may be from what it is held against before nothing is recorded under it.
#[derive(Clone, Copy, Debug)]
pub struct ClockBounds {
    /// From the clock of the database's server, and below the last recorded time.
    pub apart_max: Duration,
    /// Between how far it went since the process began and how far it could have gone. A machine that sleeps for a
    /// night lets it jump by that much.
    pub jump_max: Duration,
    /// Beyond the last recorded time. A journal may rest for a season; a clock that nobody has set says another
    /// decade.
    pub rest_max: Duration,
}

impl Default for ClockBounds {
    fn default() -> Self {
        Self {
            apart_max: Duration::from_hours(1),
            jump_max: Duration::from_hours(36),
            rest_max: Duration::from_hours(24 * 365 * 10),
        }
    }
}

impl JournalConfig {
    /// The defaults, for the database at `url`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            journal: "main".to_owned(),
            // At 15,000 events a second this is a quarter of a second of waiting: more would only
            // turn a refusal into a timeout.
            queue_limit: 4096,
            // Large enough to pay for one fsync, small enough that no request waits long for it.
            batch_limit: 512,
            max_connections: 8,
            busy_timeout: Duration::from_secs(10),
            database_timeout: Duration::from_secs(30),
            doubt_timeout: Duration::from_secs(10),
            clock: ClockBounds::default(),
        }
    }

    /// The path of an embedded journal, or nothing when the URL names a server.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&str> {
        sira_database::sqlite_path(&self.url)
    }
}
