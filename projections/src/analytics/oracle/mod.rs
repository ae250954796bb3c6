//! The oracle of the walk over columns: the facts as rows, all of them looked at for every question, as figures were
//! first computed. It is slow and plain, and is kept so: what the columns tell is compared with it cell by cell.

mod agreement;
mod invented;

use std::sync::Arc;

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use sira_numbers::Position;

use super::compute::{Key, groups};
use super::context::{LookedUp, NEVER, ShareContext};
use super::counting::Tallies;
use super::cube::Cube;
use super::facts::{FigureFact, Measure, Tells, Visit, number_of};
use super::indicators::{Indicator, IndicatorKind, Need};
use super::persons::{Counted, LinkedFact, counted, keep_best, subject};
use super::place::place_of;
use super::query::{AnalyticsQuery, FigureReach, Moment, Times};
use super::words::Dimension;

/// Facts row by row, and the words of their places.
struct RowFacts<'c> {
    rows: Vec<Vec<FigureFact>>,
    words: &'c Cube,
}

/// The paths that are linked at a position.
struct RowPersons(FxHashMap<u32, u32>);

impl RowPersons {
    fn fact_of(&self, fact: &FigureFact) -> Option<LinkedFact> {
        let person = *self.0.get(&fact.case)?;
        Some(LinkedFact { person, fact: *fact })
    }
}

impl RowFacts<'_> {
    fn at(&self, measure: Measure, position: Position) -> impl Iterator<Item = &FigureFact> {
        let rows = self.rows[measure as usize].iter();
        rows.filter(move |fact| fact.since <= position && position < fact.until)
    }

    fn persons(&self, position: Position) -> RowPersons {
        let mut all = FxHashMap::default();
        for fact in self.at(Measure::Link, position) {
            if let Tells::Link(link) = fact.tells {
                all.insert(fact.case, link.continues_as);
                all.insert(link.continues_as, link.continues_as);
            }
        }
        RowPersons(all)
    }

    fn walk(&self, measure: Measure, position: Position, mut take: impl FnMut(&FigureFact, u32)) {
        let persons = self.persons(position);
        let mut linked = Vec::new();
        for fact in self.at(measure, position) {
            match persons.fact_of(fact) {
                None => take(fact, fact.case),
                Some(fact) => linked.push(fact),
            }
        }
        self.count(&persons, measure, position, &mut linked);
        for LinkedFact { person, fact } in linked {
            take(&FigureFact { case: person, ..fact }, fact.case);
        }
    }

    fn count(
        &self,
        persons: &RowPersons,
        measure: Measure,
        position: Position,
        facts: &mut Vec<LinkedFact>,
    ) {
        let told = |measure| self.at(measure, position).filter_map(|fact| persons.fact_of(fact));
        let first = |one: &LinkedFact| {
            std::cmp::Reverse((one.fact.on, one.fact.case != one.person, one.told()))
        };
        match counted(measure) {
            Counted::Each => {}
            Counted::First => keep_best(facts, |one| Some(one.person), first),
            Counted::FirstOfEach => {
                keep_best(facts, |one| Some((one.person, subject(&one.fact)?)), first);
            }
            Counted::Last => {
                keep_best(
                    facts,
                    |one| Some((one.person, subject(&one.fact)?)),
                    LinkedFact::lateness,
                );
            }
            Counted::LastBusiness => {
                let measures = [Measure::Started, Measure::Visit, Measure::Closed];
                let mut last: Vec<LinkedFact> = measures.into_iter().flat_map(told).collect();
                keep_best(&mut last, |one| Some(one.person), LinkedFact::lateness);
                facts.retain(|one| {
                    last.iter()
                        .any(|last| (last.person, last.fact.case) == (one.person, one.fact.case))
                });
            }
            Counted::Continuing => facts.retain(|one| one.fact.case == one.person),
        }
        for one in facts.iter_mut() {
            if let Tells::Income(income) = &mut one.fact.tells
                && told(Measure::Trained).any(|trained| trained.person == one.person)
            {
                income.trained = Some(true);
            }
        }
    }

    fn looked_up(&self, position: Position, needs: &[Need]) -> LookedUp {
        let mut known = LookedUp::of_no_needs(self.words);
        for need in needs {
            self.walk(need.measure(), position, |fact, _| match (need, fact.tells) {
                (Need::Day(measure), _) => {
                    let days = &mut known.days[*measure as usize];
                    days.resize(self.words.cases.len(), NEVER);
                    days[fact.case as usize] = fact.on;
                }
                (
                    Need::JobsAt12Months,
                    Tells::Visit(Visit { milestone: 12, jobs: Some(jobs), .. }),
                ) => {
                    known.jobs_at_12.insert(fact.case, jobs);
                }
                (Need::WorkAtBaseline, Tells::Employment(employment)) => {
                    known.worked.insert(fact.case, employment.works);
                }
                _ => {}
            });
        }
        if needs.contains(&Need::Baseline) {
            let mut first: FxHashMap<(u32, u16), i32> = FxHashMap::default();
            self.walk(Measure::IncomeBaseline, position, |fact, _| {
                let Tells::Income(income) = fact.tells else { return };
                let key = (fact.case, income.currency);
                if first.get(&key).is_none_or(|known| fact.on < *known) {
                    first.insert(key, fact.on);
                    known.baselines.insert(key, income.yearly);
                }
            });
        }
        known
    }

    fn belongings(&self, position: Position) -> RowBelongings {
        let persons = self.persons(position);
        let person = |fact: &FigureFact| persons.fact_of(fact).map_or(fact.case, |one| one.person);
        let mut own = RowBelongings::default();
        let mut joined: FxHashMap<u32, i32> = FxHashMap::default();
        for fact in self.at(Measure::Enrolled, position) {
            let last = joined.entry(person(fact)).or_insert(i32::MIN);
            if fact.on >= *last {
                *last = fact.on;
                own.cohorts.insert(person(fact), fact.dims.cohort);
            }
        }
        for fact in self.at(Measure::ApprovedAmount, position) {
            let funds = own.funds.entry(person(fact)).or_default();
            if fact.dims.fund != 0 && !funds.contains(&fact.dims.fund) {
                funds.push(fact.dims.fund);
            }
        }
        own
    }
}

/// The groups and funds of people at a position.
#[derive(Default)]
struct RowBelongings {
    cohorts: FxHashMap<u32, u32>,
    funds: FxHashMap<u32, Vec<u16>>,
}

impl RowBelongings {
    fn each(&self, measure: Measure, fact: &FigureFact, take: &mut dyn FnMut(&FigureFact)) {
        let mut fact = *fact;
        if let Some(cohort) = self.cohorts.get(&fact.case) {
            fact.dims.cohort = *cohort;
        }
        if measure.has_fund_of_its_own() {
            return take(&fact);
        }
        let funds = self.funds.get(&fact.case).map_or(&[0][..], Vec::as_slice);
        for fund in funds {
            fact.dims.fund = *fund;
            take(&fact);
        }
    }
}

/// A question in places, against rows.
struct RowQuestion<'q> {
    facts: &'q RowFacts<'q>,
    query: &'q AnalyticsQuery,
    filters: Vec<(Dimension, Vec<u32>)>,
    belongings: Option<RowBelongings>,
    at: Moment,
}

impl<'q> RowQuestion<'q> {
    fn new(facts: &'q RowFacts<'q>, query: &'q AnalyticsQuery, at: Moment) -> Self {
        let find = |(dimension, words): &(Dimension, Vec<String>)| {
            let find = |word: &String| facts.words.dictionary.find(*dimension, word);
            (*dimension, words.iter().filter_map(find).collect())
        };
        let filters: Vec<(Dimension, Vec<u32>)> = query.filters.iter().map(find).collect();
        let mut asked = query.group_by.iter().chain(filters.iter().map(|(one, _)| one));
        let by_belonging = asked.any(|one| matches!(one, Dimension::Cohort | Dimension::Fund))
            || matches!(query.reach, FigureReach::Funds(_));
        let belongings = by_belonging.then(|| facts.belongings(at.position));
        Self { facts, query, filters, belongings, at }
    }

    fn reaches(&self, fact: &FigureFact) -> bool {
        let words = &self.facts.words.dictionary;
        let (programme, office) = (fact.dims.programme.into(), fact.dims.office.into());
        match &self.query.reach {
            FigureReach::All => true,
            FigureReach::Offices(offices) => offices.iter().any(|one| {
                words.programmes.find(&one.programme.to_string()) == Some(programme)
                    && words.offices.find(&one.office) == Some(office)
            }),
            FigureReach::Funds(funds) => funds
                .iter()
                .any(|fund| words.funds.find(&fund.to_string()) == Some(fact.dims.fund.into())),
        }
    }

    fn day(&self) -> i32 {
        number_of(self.query.to.map_or(self.at.day, |to| to.min(self.at.day)))
    }

    fn times(&self, kind: IndicatorKind) -> Times {
        let today = number_of(self.at.day);
        let day = if kind == IndicatorKind::Flow { today } else { self.day() };
        let (from, to) = self.period();
        Times { day, from, to: to.min(today) }
    }

    fn period(&self) -> (i32, i32) {
        let day = |day: Option<NaiveDate>, none| day.map_or(none, number_of);
        (day(self.query.from, i32::MIN), day(self.query.to, i32::MAX))
    }

    fn each(
        &self,
        (measure, kind): (Measure, IndicatorKind),
        fact: &FigureFact,
        take: &mut dyn FnMut(&FigureFact),
    ) {
        let (from, to) = self.period();
        let is_of_the_time = match kind {
            IndicatorKind::Flow => from <= fact.on && fact.on <= to,
            IndicatorKind::Stock => fact.lasts_on(self.day()),
            IndicatorKind::Trailing => true,
        };
        let fits = |fact: &FigureFact| {
            let fits = |(dimension, places): &(Dimension, Vec<u32>)| {
                places.contains(&place_of(fact, *dimension))
            };
            self.reaches(fact) && self.filters.iter().all(fits)
        };
        if !is_of_the_time {
            return;
        }
        let Some(belongings) = &self.belongings else {
            if fits(fact) {
                take(fact);
            }
            return;
        };
        let is_told_apart = self.query.group_by.contains(&Dimension::Fund);
        let mut is_told = false;
        belongings.each(measure, fact, &mut |fact| {
            if fits(fact) && (is_told_apart || !is_told) {
                is_told = true;
                take(fact);
            }
        });
    }

    /// The facts of a measure that are asked for, and the path that told each.
    fn walk(&self, (measure, kind): (Measure, IndicatorKind)) -> Vec<(FigureFact, u32)> {
        let mut found = Vec::new();
        self.facts.walk(measure, self.at.position, |fact, path| {
            self.each((measure, kind), fact, &mut |fact| found.push((*fact, path)));
        });
        found
    }

    fn tally(&self, indicator: &'static Indicator) -> Tallies {
        let known = self.facts.looked_up(self.at.position, indicator.needs);
        let context = ShareContext::new(self.times(indicator.kind), &Arc::new(known));
        let groups = groups(indicator, &self.query.group_by);
        let mut tallies = Tallies::default();
        for measure in indicator.measures {
            for (fact, _) in self.walk((*measure, indicator.kind)) {
                let Some(share) = (indicator.share)(*measure, &fact, &context) else { continue };
                let mut key = Key::default();
                for (slot, dimension) in key.iter_mut().zip(&groups) {
                    *slot = place_of(&fact, *dimension);
                }
                tallies.entry(key).or_default().add(share, indicator.finish);
            }
        }
        tallies
    }
}
