//! What is asked of the facts: filters, period, breakdown, moment, and how far the asker reaches.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::cube::Cube;
use super::facts::{Fact, number_of};
use super::indicator::{Indicator, Kind};
use super::place::place_of;
use super::words::Dimension;

/// Dimensions of one breakdown at most: more make a list of people, not a figure.
pub const MAX_GROUPS: usize = 4;
/// Words of one filter at most.
pub const MAX_WORDS: usize = 50;
/// Cells of one answer at most; more are refused, not cut.
pub const MAX_CELLS: usize = 100_000;

/// What the asker may see, whatever is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Everything.
    #[default]
    All,
    /// Facts of these offices.
    Offices(Vec<String>),
    /// Facts of the offices that stand in some regions; of an office that nobody knows, those of people
    /// who live there.
    Regions {
        /// Every known office (programme and code), and whether it is within.
        offices: Vec<(Uuid, String, bool)>,
        /// The regions.
        regions: Vec<String>,
    },
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
    pub reach: Reach,
}

/// The moment of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What was recorded up to here.
    pub position: u64,
    /// The day on which it is asked: what is due, open or late is so on it.
    pub day: NaiveDate,
}

/// A question against one cube: words became places.
#[derive(Debug)]
pub struct Asked {
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
    Offices(Vec<u32>),
    Regions { offices: FxHashMap<(u16, u16), bool>, regions: Vec<u32> },
    Funds(Vec<u32>),
}

/// Why a fact is not in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is.
    In,
    /// One condition alone keeps it out: the filter of this place, or the period (one past the last).
    Beside(usize),
    /// More than one does.
    Out,
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
    ) -> Result<Asked, DimensionNotHeld> {
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

    fn places(&self, cube: &Cube) -> Asked {
        let words = &cube.dictionary;
        let places = |(dimension, list): &(Dimension, Vec<String>)| {
            let places = list.iter().filter_map(|word| words.find(*dimension, word)).collect();
            (*dimension, places)
        };
        Asked {
            filters: self.filters.iter().map(places).collect(),
            from: self.from.map_or(i32::MIN, number_of),
            to: self.to.map_or(i32::MAX, number_of),
            reach: self.reach.on(cube),
            groups: self.group_by.clone(),
        }
    }
}

impl Reach {
    fn on(&self, cube: &Cube) -> ReachPlaces {
        let words = &cube.dictionary;
        match self {
            Self::All => ReachPlaces::All,
            Self::Offices(list) => ReachPlaces::Offices(
                list.iter().filter_map(|office| words.offices.find(office)).collect(),
            ),
            Self::Funds(list) => ReachPlaces::Funds(
                list.iter().filter_map(|fund| words.funds.find(&fund.to_string())).collect(),
            ),
            Self::Regions { offices, regions } => {
                let place = |(programme, office, within): &(Uuid, String, bool)| {
                    let programme = words.programmes.find(&programme.to_string())?;
                    let office = words.offices.find(office)?;
                    let key = (u16::try_from(programme).ok()?, u16::try_from(office).ok()?);
                    Some((key, *within))
                };
                ReachPlaces::Regions {
                    offices: offices.iter().filter_map(place).collect(),
                    regions: regions.iter().filter_map(|one| words.regions.find(one)).collect(),
                }
            }
        }
    }
}

impl ReachPlaces {
    fn holds(&self, fact: &Fact) -> bool {
        let dims = &fact.dims;
        match self {
            Self::All => true,
            Self::Offices(offices) => offices.contains(&dims.office.into()),
            Self::Funds(funds) => funds.contains(&dims.fund.into()),
            Self::Regions { offices, regions } => {
                let known = offices.get(&(dims.programme, dims.office));
                known.copied().unwrap_or_else(|| regions.contains(&dims.region.into()))
            }
        }
    }
}

impl Asked {
    /// Whether a fact is asked for. The period says nothing of how things stand.
    #[must_use]
    pub fn fit(&self, fact: &Fact, kind: Kind) -> Fit {
        if !self.reach.holds(fact) {
            return Fit::Out;
        }
        let mut fit = Fit::In;
        for (place, (dimension, places)) in self.filters.iter().enumerate() {
            if !places.contains(&place_of(fact, *dimension)) {
                if fit != Fit::In {
                    return Fit::Out;
                }
                fit = Fit::Beside(place);
            }
        }
        let in_time = kind == Kind::Stock || (self.from <= fact.on && fact.on <= self.to);
        match (in_time, fit) {
            (true, fit) => fit,
            (false, Fit::In) => Fit::Beside(self.filters.len()),
            (false, _) => Fit::Out,
        }
    }

    /// The dimension of a filter; none for the period.
    #[must_use]
    pub fn filtered(&self, place: usize) -> Option<Dimension> {
        self.filters.get(place).map(|(dimension, _)| *dimension)
    }

    /// How many conditions there are, the period included.
    #[must_use]
    pub fn conditions(&self) -> usize {
        self.filters.len() + 1
    }
}
