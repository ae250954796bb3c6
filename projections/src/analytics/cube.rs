//! The facts of one read database, in memory, kept up with it.
//!
//! Every figure is a walk over facts, so one way of computing serves every moment (`as_of`), every
//! breakdown and the question why; a fact takes some twenty bytes (`columns`). What is here is what the tables
//! say at [`Cube::position`] and nothing else: it is read from them, in the order of positions.

use chrono::NaiveDate;
use sira_numbers::Position;

use super::columns::{FactColumns, Profiles, of_every_measure};
use super::facts::cases::Cases;
use super::facts::day_of;
use super::facts::fact::{FigureFact, STANDS};
use super::facts::measure::{Measure, Source};
use super::persons::{LinkedFact, Persons};
use super::words::{Dictionary, Dimension};

/// The facts of one read database.
#[derive(Debug, Default)]
pub struct Cube {
    /// Every event up to here is in the facts.
    pub position: Position,
    /// How often it was begun anew: the places of words and paths are good within one of them.
    pub generation: u64,
    /// Whether it stands for facts that are being read: nothing can be told of it.
    pub is_awaited: bool,
    facts: Vec<FactColumns>,
    /// What people are broken down by.
    pub(super) profiles: Profiles,
    /// First and last day of any fact, as numbers; none before there is one.
    days: Option<(i32, i32)>,
    /// The words of every dimension.
    pub dictionary: Dictionary,
    /// The paths.
    pub cases: Cases,
}

impl Cube {
    /// No facts.
    #[must_use]
    pub fn new() -> Self {
        Self { facts: of_every_measure(), ..Self::default() }
    }

    /// What stands in the place of one that is being read.
    #[must_use]
    pub fn awaited(generation: u64) -> Self {
        Self { generation, is_awaited: true, ..Self::new() }
    }

    /// The columns of a measure.
    pub(super) fn columns(&self, measure: Measure) -> &FactColumns {
        &self.facts[measure as usize]
    }

    /// The facts of a measure, in the order of positions.
    pub fn facts(&self, measure: Measure) -> impl Iterator<Item = FigureFact> + '_ {
        self.columns(measure).rows().map(|row| row.fact(&self.profiles))
    }

    /// Adds a fact; they come in the order of positions.
    pub fn add(&mut self, measure: Measure, fact: FigureFact) {
        let (first, last) = self.days.unwrap_or((fact.on, fact.on));
        self.days = Some((first.min(fact.on), last.max(fact.on)));
        let profile = self.profiles.code(&fact.dims);
        self.facts[measure as usize].push(fact, profile);
    }

    /// Ends a fact of a source.
    pub fn end(&mut self, source: Source, key: (Position, u16), until: Position) {
        let of_source = Measure::ALL.iter().filter(|measure| measure.source() == source);
        for measure in of_source {
            if self.facts[*measure as usize].end(key, until) {
                return;
            }
        }
    }

    /// The facts of a measure that count at a position, as of the path that stands for the person; and the path that
    /// told each. Where two paths are one person's, what both tell counts once (`persons.rs`).
    pub fn walk(
        &self,
        measure: Measure,
        persons: &Persons,
        mut take: impl FnMut(&FigureFact, u32),
    ) {
        persons.scan(
            self,
            measure,
            |_| false,
            |row| {
                let fact = row.fact(&self.profiles);
                take(&fact, fact.case);
            },
        );
        for LinkedFact { person, fact } in persons.linked(self, measure) {
            take(&FigureFact { case: *person, ..*fact }, fact.case);
        }
    }

    /// How many facts of a measure were told up to a position, also those that have ended since.
    #[must_use]
    pub fn told(&self, measure: Measure, position: Position) -> usize {
        self.columns(measure).told(position)
    }

    /// Bytes of memory that the facts take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let facts = self.facts.iter().map(FactColumns::heap_bytes).sum::<usize>();
        facts + self.profiles.heap_bytes() + self.cases.heap_bytes()
    }

    /// First and last day of any fact, as numbers; none where there are no facts.
    pub(super) const fn days(&self) -> Option<(i32, i32)> {
        self.days
    }

    /// The first day of any fact; none where there are no facts.
    #[must_use]
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.days.map(|(first, _)| day_of(first))
    }

    /// How many groups a dimension makes at most, with the one of facts that have no word of it.
    #[must_use]
    pub fn words(&self, dimension: Dimension) -> u64 {
        let days = self.days.map_or(0, |(first, last)| i64::from(last) - i64::from(first));
        let periods = |length: i64| days.unsigned_abs() / length.unsigned_abs() + 2;
        match dimension {
            Dimension::Year => periods(365),
            Dimension::Quarter => periods(90),
            Dimension::Month => periods(28),
            Dimension::Disability | Dimension::Displaced | Dimension::Trained => 3,
            _ => self.dictionary.count(dimension) + 1,
        }
    }
}

/// The end of a row as it is known at a position.
#[must_use]
pub fn until_at(until: Option<Position>, position: Position) -> Position {
    until.filter(|until| *until <= position).unwrap_or(STANDS)
}
