//! An invented population: the load of benches, demonstrations and tests.
//!
//! The whole programme is simulated in the order of recorded time, from the convention's signature to
//! a last day, through the domain's own decisions; what comes out is appended to the journal in bulk,
//! each moment of the simulation under its own time. The same size, seed and last day give the same
//! journal, byte for byte, but for what chance of the key store goes into: the sealed texts
//! (`sealed:v1:...`), the keys that an erasure names, and with them the leaf hashes.
//!
//! People are invented (`names`) and never mixed with real ones: only an empty journal is filled,
//! and it is marked for ever.
//!
//! - `model`: the figures; `chance`: seeded dice; `calendar`, `agenda`: what is due when.
//! - `world`: how a command becomes events; `recruitment`, `group`, `money`, `business`, `records`,
//!   `steps`: what people do; `programme`, `funds`: what the programme does.
//! - `keys`: what is needed of a key store; `recording`: the metadata of a command.
//! - `pipeline`: simulation in a thread, appends beside it. `mark`: what the journal says of itself.
//!
//! Memory: what is due, and everybody to whom something can still happen, which is one in six of those
//! registered. 20,000 people were generated within 160 MB, so a million need some 5 GB.

mod act;
mod agenda;
mod arrivals;
mod business;
mod calendar;
mod case;
mod chance;
mod convention;
mod error;
mod funds;
mod group;
mod keys;
mod ledger;
mod loans;
mod lottery;
mod mark;
mod mending;
mod model;
mod money;
mod names;
mod office;
mod people;
mod pipeline;
mod programme;
#[cfg(test)]
mod rates;
mod recording;
mod records;
mod recruitment;
mod registration;
mod steps;
mod training;
mod world;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sira_numbers::at_most;

pub use error::GenerateError;
pub use keys::{KeyFailure, KeySource, PersonalKey};
pub use ledger::Refusals;
pub use mark::population_of;
pub use pipeline::generate;

/// How generated events say what recorded them.
pub const CLIENT: &str = concat!("sira-generate/", env!("CARGO_PKG_VERSION"));
/// Most people of one population.
pub const CASES_MAX: u64 = 10_000_000;
/// Events of one moment that are worth a moment of their own.
const EVENTS_A_MOMENT: u64 = 700;
/// Events that a person's path comes to, roughly, and the working days they are spread over.
const EVENTS_A_CASE: u64 = 16;
const WORKING_DAYS: u64 = 1_400;

/// A population to be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Population {
    /// People who register, 1 to [`CASES_MAX`].
    pub cases: u64,
    /// The seed of all chance.
    pub seed: u64,
    /// The first day that is not simulated any more: the day before it is the last.
    pub until: NaiveDate,
}

impl Population {
    /// The moment from which on everything is recorded.
    #[must_use]
    pub fn begins_at() -> DateTime<Utc> {
        calendar::SIGNED_ON.and_time(NaiveTime::MIN).and_utc()
    }

    /// The first day that a population may end on: a year after the signature.
    #[must_use]
    pub fn earliest_end() -> NaiveDate {
        calendar::date(365)
    }

    /// Moments of recording a day: more for more people, so that an append stays small, and a day
    /// does not come in at once.
    fn moments(&self) -> u32 {
        let a_day = self.cases * EVENTS_A_CASE / WORKING_DAYS;
        at_most(a_day / EVENTS_A_MOMENT + 1, 8)
    }
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
pub struct GenerationProgress {
    /// Moments simulated and recorded.
    pub done: u64,
    /// Moments in all.
    pub total: u64,
    /// Events recorded.
    pub events: u64,
}

/// What was generated.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    /// People registered.
    pub cases: u64,
    /// Events recorded.
    pub events: u64,
    /// The most people who were on the way at once.
    pub most_on_the_way: usize,
    /// What was asked for in the simulation and refused by a rule: it left no trace.
    pub refusals: Refusals,
    /// Whether it was all there already.
    pub already_there: bool,
}
