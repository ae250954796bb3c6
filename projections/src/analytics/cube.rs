//! The facts of one read database, in memory, kept up with it.
//!
//! Every figure is a walk over facts, so one way of computing serves every moment (`as_of`), every
//! breakdown and the question why; a fact is 80 bytes at most. What is here is what the tables say at
//! [`Cube::position`] and nothing else: it is read from them, in the order of positions.

use chrono::NaiveDate;
use sira_numbers::Position;

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
    facts: Vec<Vec<FigureFact>>,
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
        Self { facts: vec![Vec::new(); Measure::ALL.len()], ..Self::default() }
    }

    /// The facts of a measure, in the order of positions.
    #[must_use]
    pub fn facts(&self, measure: Measure) -> &[FigureFact] {
        &self.facts[measure as usize]
    }

    /// Adds a fact; they come in the order of positions.
    pub fn add(&mut self, measure: Measure, fact: FigureFact) {
        let (first, last) = self.days.unwrap_or((fact.on, fact.on));
        self.days = Some((first.min(fact.on), last.max(fact.on)));
        self.facts[measure as usize].push(fact);
    }

    /// Ends a fact of a source.
    pub fn end(&mut self, source: Source, (since, part): (Position, u16), until: Position) {
        for measure in Measure::ALL.iter().filter(|measure| measure.source() == source) {
            let facts = &mut self.facts[*measure as usize];
            let found = facts.binary_search_by_key(&(since, part), |fact| (fact.since, fact.part));
            if let Ok(index) = found {
                facts[index].until = until;
                return;
            }
        }
    }

    /// The facts of a measure that count at a position, as of the path that stands for the person; and the path that
    /// told each. Where two paths are one person's, what both tell counts once (`persons.rs`).
    pub fn walk(
        &self,
        measure: Measure,
        position: Position,
        mut take: impl FnMut(&FigureFact, u32),
    ) {
        let persons = Persons::at(self, position);
        if persons.are_of_one_path() {
            return self.at(measure, position).for_each(|fact| take(fact, fact.case));
        }
        let mut linked = Vec::new();
        for fact in self.at(measure, position) {
            match persons.fact_of(fact) {
                None => take(fact, fact.case),
                Some(fact) => linked.push(fact),
            }
        }
        persons.count(self, measure, position, &mut linked);
        for LinkedFact { person, fact } in linked {
            take(&FigureFact { case: person, ..fact }, fact.case);
        }
    }

    /// Every fact of a measure that stood at a position, with the path that stands for its person: also what two
    /// paths of one person both tell.
    pub fn each(
        &self,
        measure: Measure,
        position: Position,
        mut take: impl FnMut(&FigureFact, u32),
    ) {
        let persons = Persons::at(self, position);
        for fact in self.at(measure, position) {
            take(fact, persons.fact_of(fact).map_or(fact.case, |linked| linked.person));
        }
    }

    /// The facts of a measure that stood at a position, path by path.
    pub fn at(&self, measure: Measure, position: Position) -> impl Iterator<Item = &FigureFact> {
        // Facts told later are not even looked at.
        self.told(measure, position).iter().filter(move |fact| position < fact.until)
    }

    /// The facts of a measure that were told up to a position, also those that have ended since.
    #[must_use]
    pub fn told(&self, measure: Measure, position: Position) -> &[FigureFact] {
        let facts = self.facts(measure);
        &facts[..facts.partition_point(|fact| fact.since <= position)]
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
