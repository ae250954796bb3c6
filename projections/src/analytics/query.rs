//! What is asked of the facts: filters, period, breakdown, moment, and how far the asker reaches.

use std::sync::Arc;

use chrono::NaiveDate;
use rustc_hash::FxHashSet;
use sira_numbers::Position;
use uuid::Uuid;

use super::belongings::Belongings;
use super::columns::Block;
use super::context::{LookedUp, ShareContext};
use super::cube::Cube;
use super::facts::{DayNumber, Dims, FigureFact, Measure, lasts_on, number_of};
use super::indicators::{Indicator, IndicatorKind, Need};
use super::persons::Persons;
use super::sifting::Sifting;
use super::words::Dimension;
use crate::ProgrammeOffice;

/// Dimensions of one breakdown at most: more make a list of people, not a figure.
pub const MAX_GROUPS: usize = 4;
/// Words of one filter at most.
pub const MAX_WORDS: usize = 50;
/// Cells of a whole answer at most, of all its indicators: some 10 MB. More are refused, not cut.
pub const MAX_CELLS: usize = 50_000;

/// What the asker may see, whatever is asked: a [`Reach`](crate::Reach) whose regions have become their
/// offices, since the region of a fact is where the person lives, and not where the office in charge stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FigureReach {
    /// Everything.
    #[default]
    All,
    /// Facts of these offices.
    Offices(Vec<ProgrammeOffice>),
    /// Facts of these funds: a donor's.
    Funds(Vec<Uuid>),
}

/// A question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalyticsQuery {
    /// For each dimension, the words of which one must fit.
    pub filters: Vec<(Dimension, Vec<String>)>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// What to break down by, in order; of a series, its interval first.
    pub group_by: Vec<Dimension>,
    /// The interval of a series over time.
    pub series: Option<Dimension>,
    /// How far the asker reaches.
    pub reach: FigureReach,
}

/// The moment of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What was recorded up to here.
    pub position: Position,
    /// The day on which it is asked: what is due, open or late is so on it.
    pub day: NaiveDate,
}

/// The days that shares are judged by, as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// What is due, open or late is so on it.
    pub day: i32,
    /// First day of the period; `i32::MIN` from the beginning on.
    pub from: i32,
    /// Last day of the period that is over.
    pub to: i32,
}

impl Times {
    /// From the beginning to a day.
    #[must_use]
    pub fn until(day: NaiveDate) -> Self {
        Self { day: number_of(day), from: i32::MIN, to: number_of(day) }
    }
}

/// A question against one cube: words became places, and what is known of people was looked up.
#[derive(Clone, Debug)]
pub struct PlacedQuery {
    /// First day of the period; `i32::MIN` from the beginning on.
    pub from: i32,
    /// Its last day; `i32::MAX` without an end.
    pub to: i32,
    /// The day on which a balance is taken: the end of the period, or the day of the question before that.
    pub day: i32,
    /// What to break down by.
    pub groups: Vec<Dimension>,
    /// Which facts are asked for, and in which group each is; by the breakdown, and by it and the category.
    sifting: Arc<[Sifting; 2]>,
    /// Who has several paths.
    persons: Arc<Persons>,
    /// Whose groups and funds facts are of, where any is asked for.
    belongings: Option<Arc<Belongings>>,
    /// What the indicators need beside.
    looked_up: Arc<LookedUp>,
}

/// What the asker may see, in places.
#[derive(Debug)]
pub enum ReachPlaces {
    /// Everything.
    All,
    /// Facts of these programmes' offices.
    Offices(FxHashSet<(u16, u16)>),
    /// Facts of these funds.
    Funds(Vec<u32>),
}

/// An indicator that has not what it was to be broken down or filtered by: an answer would have one
/// group without a word, or nothing, and look like a figure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{indicator} has no dimension {}", dimension.word())]
pub struct DimensionNotHeld {
    /// The indicator's word.
    pub indicator: &'static str,
    /// The dimension that was asked for.
    pub dimension: Dimension,
    /// Whether it was to be filtered by it, and not broken down.
    pub is_filter: bool,
    /// The dimensions that the indicator has.
    pub held: Vec<Dimension>,
}

impl AnalyticsQuery {
    /// The question about some indicators in a cube's places. A word that no fact has fits none.
    ///
    /// # Errors
    /// [`DimensionNotHeld`] when any of the indicators has not what is asked for.
    pub fn on(
        &self,
        cube: &Cube,
        indicators: &[&'static Indicator],
        at: Moment,
    ) -> Result<PlacedQuery, DimensionNotHeld> {
        for indicator in indicators {
            self.check(indicator)?;
        }
        let needs: Vec<Need> =
            indicators.iter().flat_map(|indicator| indicator.needs).copied().collect();
        Ok(self.places(cube, &needs, at))
    }

    fn check(&self, indicator: &'static Indicator) -> Result<(), DimensionNotHeld> {
        let held = indicator.dimensions();
        let own_groups = self.group_by.iter().skip(usize::from(self.series.is_some()));
        let groups = own_groups.map(|dimension| (*dimension, false));
        let filters = self.filters.iter().map(|(dimension, _)| (*dimension, true));
        match groups.chain(filters).find(|(dimension, _)| !held.contains(dimension)) {
            None => Ok(()),
            Some((dimension, is_filter)) => {
                let indicator = indicator.name;
                Err(DimensionNotHeld { indicator, dimension, is_filter, held })
            }
        }
    }

    /// The question about one period of a series, without the interval.
    #[must_use]
    pub fn of_period(&self, (from, to): (NaiveDate, NaiveDate)) -> Self {
        let group_by = self.group_by.iter().skip(usize::from(self.series.is_some()));
        Self {
            from: Some(from),
            to: Some(to),
            group_by: group_by.copied().collect(),
            series: None,
            ..self.clone()
        }
    }

    fn places(&self, cube: &Cube, needs: &[Need], at: Moment) -> PlacedQuery {
        let words = &cube.dictionary;
        let places = |(dimension, list): &(Dimension, Vec<String>)| {
            let places = list.iter().filter_map(|word| words.find(*dimension, word)).collect();
            (*dimension, places)
        };
        let filters: Vec<(Dimension, Vec<u32>)> = self.filters.iter().map(places).collect();
        let asked = self.group_by.iter().chain(self.filters.iter().map(|(dimension, _)| dimension));
        let by_belonging =
            asked.clone().any(|one| matches!(one, Dimension::Cohort | Dimension::Fund));
        let reach = self.reach.on(cube);
        let persons = Persons::at(cube, at.position);
        let belongings = (by_belonging || matches!(reach, ReachPlaces::Funds(_)))
            .then(|| Arc::new(Belongings::at(cube, &persons)));
        let looked_up = Arc::new(LookedUp::new(cube, &persons, needs));
        let with_category = [&self.group_by[..], &[Dimension::Tag]].concat();
        let sifting = [&self.group_by[..], &with_category]
            .map(|breakdown| Sifting::new(cube, &filters, &reach, breakdown));
        PlacedQuery {
            from: self.from.map_or(i32::MIN, number_of),
            to: self.to.map_or(i32::MAX, number_of),
            day: number_of(self.to.map_or(at.day, |to| to.min(at.day))),
            groups: self.group_by.clone(),
            sifting: Arc::new(sifting),
            persons: Arc::new(persons),
            belongings,
            looked_up,
        }
    }
}

impl FigureReach {
    fn on(&self, cube: &Cube) -> ReachPlaces {
        let words = &cube.dictionary;
        match self {
            Self::All => ReachPlaces::All,
            Self::Offices(list) => {
                let place = |one: &ProgrammeOffice| {
                    let programme = words.programmes.find(&one.programme.to_string())?;
                    let office = words.offices.find(&one.office)?;
                    Some((u16::try_from(programme).ok()?, u16::try_from(office).ok()?))
                };
                ReachPlaces::Offices(list.iter().filter_map(place).collect())
            }
            Self::Funds(list) => ReachPlaces::Funds(
                list.iter().filter_map(|fund| words.funds.find(&fund.to_string())).collect(),
            ),
        }
    }
}

impl ReachPlaces {
    /// Whether it holds the office of what people are; a fund is not theirs alone and is looked at fact by fact.
    #[must_use]
    pub fn holds_office(&self, dims: &Dims) -> bool {
        match self {
            Self::All | Self::Funds(_) => true,
            Self::Offices(offices) => offices.contains(&(dims.programme, dims.office)),
        }
    }
}

impl PlacedQuery {
    /// The same question about another period.
    #[must_use]
    pub fn within(&self, (from, to): (NaiveDate, NaiveDate), at: Moment) -> Self {
        Self {
            from: number_of(from),
            to: number_of(to),
            day: number_of(to.min(at.day)),
            ..self.clone()
        }
    }

    /// Who has several paths.
    #[must_use]
    pub fn persons(&self) -> &Persons {
        &self.persons
    }

    /// Which facts are asked for, by what is broken down by.
    #[must_use]
    pub fn sifting(&self) -> &Sifting {
        &self.sifting[0]
    }

    /// The same by that and the measure's own word.
    #[must_use]
    pub fn by_category(&self) -> &Sifting {
        &self.sifting[1]
    }

    /// What facts are judged by, for an indicator of this kind.
    #[must_use]
    pub fn context(&self, kind: IndicatorKind, at: Moment) -> ShareContext {
        ShareContext::new(self.times(kind, at), &self.looked_up)
    }

    /// The facts of a measure that are asked for, as of the path that stands for the person; and the path that told
    /// each. With groups by fund, once for each of the person's funds.
    pub fn walk(
        &self,
        cube: &Cube,
        (measure, kind): (Measure, IndicatorKind),
        mut take: impl FnMut(&FigureFact, u32),
    ) {
        let is_passed = |block: &Block| self.passes_over(kind, block);
        self.persons.scan(cube, measure, is_passed, |row| {
            let is_asked = self.sifting().group_of(row.profile()).is_some()
                && self.is_of_the_time(kind, row.on(), row.ends_on());
            if is_asked {
                let fact = row.fact(&cube.profiles);
                self.belonging(measure, fact, |one| take(one, fact.case));
            }
        });
        for linked in self.persons.linked(cube, measure) {
            let path = linked.fact.case;
            let fact = FigureFact { case: linked.person, ..linked.fact };
            self.each(cube, (measure, kind), &fact, |fact| take(fact, path));
        }
    }

    /// A fact as it is asked for: nothing where it is not.
    pub fn each(
        &self,
        cube: &Cube,
        (measure, kind): (Measure, IndicatorKind),
        fact: &FigureFact,
        take: impl FnMut(&FigureFact),
    ) {
        let profile = cube.profiles.find(&fact.dims);
        let is_asked = profile.is_some_and(|code| self.sifting().group_of(code).is_some());
        if is_asked && self.is_of_the_time(kind, fact.on, fact.ends_on) {
            self.belonging(measure, *fact, take);
        }
    }

    /// A fact of a combination that is asked for, as it belongs: once for each of the person's funds where these are
    /// told apart, and otherwise once.
    #[inline]
    pub fn belonging(
        &self,
        measure: Measure,
        mut fact: FigureFact,
        mut take: impl FnMut(&FigureFact),
    ) {
        let Some(belongings) = &self.belongings else {
            if self.sifting().holds(&fact) {
                take(&fact);
            }
            return;
        };
        fact.dims.cohort = belongings.cohort_of(fact.case, fact.dims.cohort);
        let own = [fact.dims.fund];
        let funds =
            if measure.has_fund_of_its_own() { &own } else { belongings.funds_of(fact.case) };
        // Nobody counts twice where funds are not told apart.
        let is_told_apart = self.groups.contains(&Dimension::Fund);
        for fund in funds {
            fact.dims.fund = *fund;
            if self.sifting().holds(&fact) {
                take(&fact);
                if !is_told_apart {
                    return;
                }
            }
        }
    }

    /// Whether a fact of a day is of the period, or lasts on the day of a balance.
    #[inline]
    #[must_use]
    pub fn is_of_the_time(&self, kind: IndicatorKind, on: i32, ends_on: Option<DayNumber>) -> bool {
        match kind {
            IndicatorKind::Flow => self.from <= on && on <= self.to,
            IndicatorKind::Stock => lasts_on(self.day, on, ends_on),
            // What it is made of is of several days: the shares look at them.
            IndicatorKind::Trailing => true,
        }
    }

    /// Whether no fact of a block is of the time.
    #[must_use]
    pub fn passes_over(&self, kind: IndicatorKind, block: &Block) -> bool {
        let (first, last) = block.days();
        match kind {
            IndicatorKind::Flow => last < self.from || self.to < first,
            IndicatorKind::Stock => block.is_over_on(self.day),
            IndicatorKind::Trailing => false,
        }
    }

    /// What shares are judged by, for an indicator of this kind.
    #[must_use]
    pub fn times(&self, kind: IndicatorKind, at: Moment) -> Times {
        let day = match kind {
            IndicatorKind::Flow => number_of(at.day),
            IndicatorKind::Stock | IndicatorKind::Trailing => self.day,
        };
        Times { day, from: self.from, to: self.to.min(number_of(at.day)) }
    }
}
