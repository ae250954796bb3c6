//! What a fact is judged by: the day of the question, and what else is known of the same person.

use chrono::{Months, NaiveDate};
use rustc_hash::FxHashMap;
use sira_numbers::Position;

use super::cube::Cube;
use super::facts::{FigureFact, Measure, Tells, day_of, number_of};
use super::indicators::Need;

/// Words that shares ask for by place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    /// Of sex `female`.
    pub female: Option<u8>,
    /// Of the band over 35.
    pub over_35: Option<u8>,
    /// Of business status `trading`.
    pub trading: Option<u16>,
}

/// What a fact is judged by.
#[derive(Debug)]
pub struct ShareContext {
    /// The day of the question, as days from the common era: what is due, open or late is so on it.
    pub day: i32,
    /// Words by place.
    pub places: Places,
    /// By the person; [`NEVER`] for those who have not.
    days: FxHashMap<Measure, Vec<i32>>,
    /// By the person; [`UNSEEN`] for those who were not visited.
    visits: FxHashMap<u32, Vec<u16>>,
}

/// The day of what has not been reached.
const NEVER: i32 = i32::MIN;
/// The word of a business that was not seen.
const UNSEEN: u16 = u16::MAX;

impl ShareContext {
    /// What is needed of the facts that stood at a position, asked on a day.
    #[must_use]
    pub fn new(cube: &Cube, position: Position, day: NaiveDate, needs: &[Need]) -> Self {
        let words = &cube.dictionary;
        let byte = |place: Option<u32>| place.and_then(|place| u8::try_from(place).ok());
        let places = Places {
            female: byte(words.sexes.find("female")),
            over_35: byte(words.age_bands.find("over_35")),
            trading: words.tags.find("trading").and_then(|place| u16::try_from(place).ok()),
        };
        let mut context = Self {
            day: number_of(day),
            places,
            days: FxHashMap::default(),
            visits: FxHashMap::default(),
        };
        for need in needs {
            context.look_up(cube, position, *need);
        }
        context
    }

    fn look_up(&mut self, cube: &Cube, position: Position, need: Need) {
        match need {
            Need::Day(measure) => {
                self.days.entry(measure).or_insert_with(|| {
                    let mut days = vec![NEVER; cube.cases.len()];
                    cube.walk(measure, position, |fact, _| days[fact.case as usize] = fact.on);
                    days
                });
            }
            Need::Visit(months) => {
                self.visits.entry(months).or_insert_with(|| {
                    let mut seen = vec![UNSEEN; cube.cases.len()];
                    cube.walk(Measure::Visit, position, |fact, _| match fact.tells {
                        Tells::Visit(visit) if visit.milestone == months => {
                            seen[fact.case as usize] = visit.status;
                        }
                        _ => {}
                    });
                    seen
                });
            }
        }
    }

    /// The day on which a person reached something; none if not, or not asked for.
    #[must_use]
    pub fn day_of(&self, measure: Measure, person: u32) -> Option<i32> {
        let day = self.days.get(&measure)?.get(person as usize).copied();
        day.filter(|day| *day != NEVER)
    }

    /// How a person's business was seen at the visit of so many months, as a place of the words.
    #[must_use]
    pub fn visit(&self, months: u32, person: u32) -> Option<u16> {
        let seen = self.visits.get(&months)?.get(person as usize).copied();
        seen.filter(|seen| *seen != UNSEEN)
    }

    /// Whether a fact is so many months old on the day of the question.
    #[must_use]
    pub fn is_due(&self, fact: &FigureFact, months: u32) -> bool {
        due_on(fact, months) <= self.day
    }
}

/// The day that comes so many months after a fact.
#[must_use]
pub fn due_on(fact: &FigureFact, months: u32) -> i32 {
    day_of(fact.on).checked_add_months(Months::new(months)).map_or(i32::MAX, number_of)
}
