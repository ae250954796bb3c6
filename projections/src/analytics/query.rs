//! What is asked of the facts: filters, period, breakdown, moment, and how far the asker reaches.

use chrono::NaiveDate;
use rustc_hash::FxHashSet;
use sira_numbers::Position;
use uuid::Uuid;

use super::belongings::Belongings;
use super::cube::Cube;
use super::facts::{FigureFact, Measure, number_of};
use super::indicators::{Indicator, IndicatorKind};
use super::place::place_of;
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

/// A question against one cube: words became places.
#[derive(Debug)]
pub struct PlacedQuery {
    filters: Vec<(Dimension, Vec<u32>)>,
    /// First day of the period; `i32::MIN` from the beginning on.
    pub from: i32,
    /// Its last day; `i32::MAX` without an end.
    pub to: i32,
    /// The day on which a balance is taken: the end of the period, or the day of the question before that.
    pub day: i32,
    reach: ReachPlaces,
    /// Whose groups and funds facts are of, where any is asked for.
    belongings: Option<Belongings>,
    /// What to break down by.
    pub groups: Vec<Dimension>,
}

#[derive(Debug)]
enum ReachPlaces {
    All,
    Offices(FxHashSet<(u16, u16)>),
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
        Ok(self.places(cube, at))
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

    fn places(&self, cube: &Cube, at: Moment) -> PlacedQuery {
        let words = &cube.dictionary;
        let places = |(dimension, list): &(Dimension, Vec<String>)| {
            let places = list.iter().filter_map(|word| words.find(*dimension, word)).collect();
            (*dimension, places)
        };
        let asked = self.group_by.iter().chain(self.filters.iter().map(|(dimension, _)| dimension));
        let by_belonging =
            asked.clone().any(|one| matches!(one, Dimension::Cohort | Dimension::Fund));
        let reach = self.reach.on(cube);
        let belongings = (by_belonging || matches!(reach, ReachPlaces::Funds(_)))
            .then(|| Belongings::at(cube, at.position));
        PlacedQuery {
            filters: self.filters.iter().map(places).collect(),
            from: self.from.map_or(i32::MIN, number_of),
            to: self.to.map_or(i32::MAX, number_of),
            day: number_of(self.to.map_or(at.day, |to| to.min(at.day))),
            reach,
            belongings,
            groups: self.group_by.clone(),
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
    fn holds(&self, fact: &FigureFact) -> bool {
        let dims = &fact.dims;
        match self {
            Self::All => true,
            Self::Offices(offices) => offices.contains(&(dims.programme, dims.office)),
            Self::Funds(funds) => funds.contains(&dims.fund.into()),
        }
    }
}

impl PlacedQuery {
    /// The facts of a measure that are asked for, as of the path that stands for the person; and the path that told
    /// each. With groups by fund, once for each of the person's funds.
    pub fn walk(
        &self,
        cube: &Cube,
        (measure, kind): (Measure, IndicatorKind),
        position: Position,
        mut take: impl FnMut(&FigureFact, u32),
    ) {
        cube.walk(measure, position, |fact, path| {
            self.each(measure, fact, kind, |fact| take(fact, path));
        });
    }

    /// A fact as it is asked for: nothing where it is not.
    pub fn each(
        &self,
        measure: Measure,
        fact: &FigureFact,
        kind: IndicatorKind,
        mut take: impl FnMut(&FigureFact),
    ) {
        if !self.is_of_the_time(fact, kind) {
            return;
        }
        let Some(belongings) = &self.belongings else {
            if self.fits(fact) {
                take(fact);
            }
            return;
        };
        // Nobody counts twice where funds are not told apart.
        let is_told_apart = self.groups.contains(&Dimension::Fund);
        let mut is_told = false;
        belongings.each(measure, fact, |fact| {
            if self.fits(fact) && (is_told_apart || !is_told) {
                is_told = true;
                take(fact);
            }
        });
    }

    /// Whether a fact is of the period, or lasts on the day of a balance.
    fn is_of_the_time(&self, fact: &FigureFact, kind: IndicatorKind) -> bool {
        match kind {
            IndicatorKind::Flow => self.from <= fact.on && fact.on <= self.to,
            IndicatorKind::Stock => fact.lasts_on(self.day),
            // What it is made of is of several days: the shares look at them.
            IndicatorKind::Trailing => true,
        }
    }

    fn fits(&self, fact: &FigureFact) -> bool {
        let fits = |(dimension, places): &(Dimension, Vec<u32>)| {
            places.contains(&place_of(fact, *dimension))
        };
        self.reach.holds(fact) && self.filters.iter().all(fits)
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
