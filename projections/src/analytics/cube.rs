//! The facts of one read database, in memory, kept up with it.
//!
//! Every figure is a walk over facts, so one way of computing serves every moment (`as_of`), every
//! breakdown and the question why; a fact is 72 bytes at most. What is here is what the tables say at
//! [`Cube::position`] and nothing else: it is read from them, in the order of positions.

use super::facts::cases::Cases;
use super::facts::fact::{Fact, STANDS};
use super::facts::measure::{Measure, Source};
use super::words::Dictionary;

/// The facts of one read database.
#[derive(Debug, Default)]
pub struct Cube {
    /// Every event up to here is in the facts.
    pub position: u64,
    facts: Vec<Vec<Fact>>,
    /// The words of every dimension.
    pub dictionary: Dictionary,
    /// The paths.
    pub cases: Cases,
}

impl Cube {
    /// No facts.
    #[must_use]
    pub fn new() -> Self {
        Self { facts: vec![Vec::new(); Measure::ALL.len()], ..Self::default() }
    }

    /// The facts of a measure, in the order of positions.
    #[must_use]
    pub fn facts(&self, measure: Measure) -> &[Fact] {
        &self.facts[measure as usize]
    }

    /// Adds a fact; they come in the order of positions.
    pub fn add(&mut self, measure: Measure, fact: Fact) {
        self.facts[measure as usize].push(fact);
    }

    /// Ends a fact of a source.
    pub fn end(&mut self, source: Source, (since, part): (u64, u16), until: u64) {
        for measure in Measure::ALL.iter().filter(|measure| measure.source() == source) {
            let facts = &mut self.facts[*measure as usize];
            let found = facts.binary_search_by_key(&(since, part), |fact| (fact.since, fact.part));
            if let Ok(index) = found {
                facts[index].until = until;
                return;
            }
        }
    }

    /// The facts of a measure that stood at a position.
    pub fn at(&self, measure: Measure, position: u64) -> impl Iterator<Item = &Fact> {
        let facts = self.facts(measure);
        // Facts told later are not even looked at.
        let told = facts.partition_point(|fact| fact.since <= position);
        facts[..told].iter().filter(move |fact| position < fact.until)
    }
}

/// The end of a row as it is known at a position.
#[must_use]
pub fn until_at(until: Option<i64>, position: u64) -> u64 {
    until.map(i64::unsigned_abs).filter(|until| *until <= position).unwrap_or(STANDS)
}
