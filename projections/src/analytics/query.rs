//! What is asked of the facts: filters, period, breakdown, moment, and how far the asker reaches.

use chrono::NaiveDate;
use rustc_hash::FxHashSet;
use sira_numbers::Position;
use uuid::Uuid;

use super::cube::Cube;
use super::facts::{FigureFact, number_of};
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
    /// What to break down by, in order.
    pub group_by: Vec<Dimension>,
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

/// A question against one cube: words became places.
#[derive(Debug)]
pub struct PlacedQuery {
    filters: Vec<(Dimension, Vec<u32>)>,
    from: i32,
    to: i32,
    reach: ReachPlaces,
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
    ) -> Result<PlacedQuery, DimensionNotHeld> {
        for indicator in indicators {
            self.check(indicator)?;
        }
        Ok(self.places(cube))
    }

    fn check(&self, indicator: &'static Indicator) -> Result<(), DimensionNotHeld> {
        let held = indicator.dimensions();
        let groups = self.group_by.iter().map(|dimension| (*dimension, false));
        let filters = self.filters.iter().map(|(dimension, _)| (*dimension, true));
        match groups.chain(filters).find(|(dimension, _)| !held.contains(dimension)) {
            None => Ok(()),
            Some((dimension, is_filter)) => {
                let indicator = indicator.name;
                Err(DimensionNotHeld { indicator, dimension, is_filter, held })
            }
        }
    }

    fn places(&self, cube: &Cube) -> PlacedQuery {
        let words = &cube.dictionary;
        let places = |(dimension, list): &(Dimension, Vec<String>)| {
            let places = list.iter().filter_map(|word| words.find(*dimension, word)).collect();
            (*dimension, places)
        };
        PlacedQuery {
            filters: self.filters.iter().map(places).collect(),
            from: self.from.map_or(i32::MIN, number_of),
            to: self.to.map_or(i32::MAX, number_of),
            reach: self.reach.on(cube),
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
    /// Whether a fact is asked for. The period says nothing of how things stand.
    #[must_use]
    pub fn fits(&self, fact: &FigureFact, kind: IndicatorKind) -> bool {
        let fits = |(dimension, places): &(Dimension, Vec<u32>)| {
            places.contains(&place_of(fact, *dimension))
        };
        (kind == IndicatorKind::Stock || (self.from <= fact.on && fact.on <= self.to))
            && self.reach.holds(fact)
            && self.filters.iter().all(fits)
    }
}
