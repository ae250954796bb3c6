//! What a fact is judged by: the day of the question, and what else is known of the same person.

use rustc_hash::FxHashMap;
use sira_numbers::Position;

use super::cube::Cube;
use super::facts::{Measure, Tells, Visit};
use super::indicators::Need;
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
#[derive(Debug)]
pub struct ShareContext {
    /// The days of the question.
    pub times: Times,
    /// Words by place.
    pub places: Places,
    /// By the person; [`NEVER`] for those who have not.
    days: FxHashMap<Measure, Vec<i32>>,
    /// Jobs at the visit of twelve months, by the person.
    jobs_at_12: FxHashMap<u32, u32>,
    /// Whether they worked at the baseline, by the person.
    worked: FxHashMap<u32, bool>,
    /// Income at the baseline, by the person and the currency.
    baselines: FxHashMap<(u32, u16), i64>,
}

/// The day of what has not been reached.
const NEVER: i32 = i32::MIN;

impl ShareContext {
    /// What is needed of the facts that stood at a position, asked on a day.
    #[must_use]
    pub fn new(cube: &Cube, position: Position, times: Times, needs: &[Need]) -> Self {
        let words = &cube.dictionary;
        let byte = |place: Option<u32>| place.and_then(|place| u8::try_from(place).ok());
        let places = Places {
            female: byte(words.sexes.find("female")),
            over_35: byte(words.age_bands.find("over_35")),
        };
        let mut context = Self {
            times,
            places,
            days: FxHashMap::default(),
            jobs_at_12: FxHashMap::default(),
            worked: FxHashMap::default(),
            baselines: FxHashMap::default(),
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
            Need::JobsAt12Months => {
                cube.walk(Measure::Visit, position, |fact, _| {
                    if let Tells::Visit(Visit { milestone: 12, jobs: Some(jobs), .. }) = fact.tells
                    {
                        self.jobs_at_12.insert(fact.case, jobs);
                    }
                });
            }
            Need::WorkAtBaseline => {
                cube.walk(Measure::EmploymentBaseline, position, |fact, _| {
                    if let Tells::Employment(employment) = fact.tells {
                        self.worked.insert(fact.case, employment.works);
                    }
                });
            }
            Need::Baseline => {
                // Of several the earliest is what all later ones are compared with.
                let mut first: FxHashMap<(u32, u16), i32> = FxHashMap::default();
                cube.walk(Measure::IncomeBaseline, position, |fact, _| {
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

    /// The day on which a person reached something; none if not, or not asked for.
    #[must_use]
    pub fn day_of(&self, measure: Measure, person: u32) -> Option<i32> {
        let day = self.days.get(&measure)?.get(person as usize).copied();
        day.filter(|day| *day != NEVER)
    }

    /// Jobs that the visit of twelve months saw at a person's business.
    #[must_use]
    pub fn jobs_at_12_months(&self, person: u32) -> Option<i64> {
        self.jobs_at_12.get(&person).map(|jobs| i64::from(*jobs))
    }

    /// Whether a person worked at the baseline; none where nobody asked.
    #[must_use]
    pub fn worked_at_baseline(&self, person: u32) -> Option<bool> {
        self.worked.get(&person).copied()
    }

    /// What a person's income came to in a year at the baseline, in a currency.
    #[must_use]
    pub fn baseline(&self, person: u32, currency: u16) -> Option<i64> {
        self.baselines.get(&(person, currency)).copied()
    }
}
