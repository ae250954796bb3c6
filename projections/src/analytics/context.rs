//! What a fact is judged by: the day of the question, and what else is known of the same person.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cube::Cube;
use super::facts::{Measure, Tells, Visit};
use super::indicators::Need;
use super::persons::Persons;
use super::query::Times;

/// Words that shares ask for by place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Places {
    /// Of sex `female`.
    pub female: Option<u8>,
    /// Of the band over 35.
    pub over_35: Option<u8>,
}

/// What a fact is judged by.
#[derive(Clone, Debug)]
pub struct ShareContext {
    /// The days of the question.
    pub times: Times,
    /// Words by place.
    pub places: Places,
    known: Arc<LookedUp>,
}

/// What indicators need of people beside the fact, looked up once a question: it is the same whatever the days.
#[derive(Debug, Default)]
pub struct LookedUp {
    places: Places,
    /// By the measure, and by the person; [`NEVER`] for those who have not, and nothing of a measure that is not needed.
    pub(super) days: Vec<Vec<i32>>,
    /// Jobs at the visit of twelve months, by the person.
    pub(super) jobs_at_12: FxHashMap<u32, u32>,
    /// Whether they worked at the baseline, by the person.
    pub(super) worked: FxHashMap<u32, bool>,
    /// Income at the baseline, by the person and the currency.
    pub(super) baselines: FxHashMap<(u32, u16), i64>,
}

/// The day of what has not been reached.
pub(super) const NEVER: i32 = i32::MIN;

impl LookedUp {
    /// Of indicators that need nothing.
    #[must_use]
    pub(super) fn of_no_needs(cube: &Cube) -> Self {
        let words = &cube.dictionary;
        let byte = |place: Option<u32>| place.and_then(|place| u8::try_from(place).ok());
        let places = Places {
            female: byte(words.sexes.find("female")),
            over_35: byte(words.age_bands.find("over_35")),
        };
        let days = Measure::ALL.iter().map(|_| Vec::new()).collect();
        Self { places, days, ..Self::default() }
    }

    /// What is needed of the facts that count of those persons.
    #[must_use]
    pub fn new(cube: &Cube, persons: &Persons, needs: &[Need]) -> Self {
        let mut known = Self::of_no_needs(cube);
        for (at, need) in needs.iter().enumerate() {
            if !needs[..at].contains(need) {
                known.look_up(cube, persons, *need);
            }
        }
        known
    }

    fn look_up(&mut self, cube: &Cube, persons: &Persons, need: Need) {
        match need {
            Need::Day(measure) => {
                let mut days = vec![NEVER; cube.cases.len()];
                persons.scan(
                    cube,
                    measure,
                    |_| false,
                    |row| {
                        days[row.case() as usize] = row.on();
                    },
                );
                for linked in persons.linked(cube, measure) {
                    days[linked.person as usize] = linked.fact.on;
                }
                self.days[measure as usize] = days;
            }
            Need::JobsAt12Months => {
                cube.walk(Measure::Visit, persons, |fact, _| {
                    if let Tells::Visit(Visit { milestone: 12, jobs: Some(jobs), .. }) = fact.tells
                    {
                        self.jobs_at_12.insert(fact.case, jobs);
                    }
                });
            }
            Need::WorkAtBaseline => {
                cube.walk(Measure::EmploymentBaseline, persons, |fact, _| {
                    if let Tells::Employment(employment) = fact.tells {
                        self.worked.insert(fact.case, employment.works);
                    }
                });
            }
            Need::Baseline => {
                // Of several the earliest is what all later ones are compared with.
                let mut first: FxHashMap<(u32, u16), i32> = FxHashMap::default();
                cube.walk(Measure::IncomeBaseline, persons, |fact, _| {
                    let Tells::Income(income) = fact.tells else { return };
                    let key = (fact.case, income.currency);
                    if first.get(&key).is_none_or(|known| fact.on < *known) {
                        first.insert(key, fact.on);
                        self.baselines.insert(key, income.yearly);
                    }
                });
            }
        }
    }
}

impl ShareContext {
    /// By the days of a question, and what was looked up for it.
    #[must_use]
    pub fn new(times: Times, known: &Arc<LookedUp>) -> Self {
        Self { times, places: known.places, known: Arc::clone(known) }
    }

    /// The day on which a person reached something; none if not, or not asked for.
    #[must_use]
    pub fn day_of(&self, measure: Measure, person: u32) -> Option<i32> {
        let day = self.known.days.get(measure as usize)?.get(person as usize).copied();
        day.filter(|day| *day != NEVER)
    }

    /// Jobs that the visit of twelve months saw at a person's business.
    #[must_use]
    pub fn jobs_at_12_months(&self, person: u32) -> Option<i64> {
        self.known.jobs_at_12.get(&person).map(|jobs| i64::from(*jobs))
    }

    /// Whether a person worked at the baseline; none where nobody asked.
    #[must_use]
    pub fn worked_at_baseline(&self, person: u32) -> Option<bool> {
        self.known.worked.get(&person).copied()
    }

    /// What a person's income came to in a year at the baseline, in a currency.
    #[must_use]
    pub fn baseline(&self, person: u32, currency: u16) -> Option<i64> {
        self.known.baselines.get(&(person, currency)).copied()
    }
}
