//! Computing figures: one walk over an indicator's facts.

use rustc_hash::FxHashMap;

use super::context::ShareContext;
use super::cost::TooCostly;
use super::cube::Cube;
use super::facts::FigureFact;
use super::indicators::Indicator;
use super::place::place_of;
use super::query::{DimensionNotHeld, MAX_GROUPS, Moment, PlacedQuery};
use super::tally::Tally;
use super::words::Dimension;
use crate::table::Decimal;

/// A cell's places, in the order of the breakdown; those beyond it are 0.
pub type Key = [u32; MAX_GROUPS + 1];

/// One cell of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureCell {
    /// Its words, in the order of the breakdown.
    pub words: Vec<String>,
    /// The value; none where there is nothing to divide by, and where it is hidden.
    pub value: Option<Decimal>,
    /// Above the line, or added up.
    pub part: Option<i128>,
    /// Below the line; none where nothing is divided.
    pub whole: Option<i128>,
    /// How sure the value is, and of how many; none of indicators that are counts and sums, and of what is published.
    pub detail: Option<CellDetail>,
    /// Whether nothing was published of it, to those who must see nobody.
    pub suppressed: bool,
    /// Whether some of it stands as it was published before the moment that is asked of, to those who must
    /// see nobody.
    pub held: bool,
}

/// How sure a value is, and of how many it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellDetail {
    /// The interval in which the value lies with 95 % confidence; none where too little is known.
    pub interval: Option<(Decimal, Decimal)>,
    /// Numbers of people or businesses, by their words.
    pub numbers: Vec<(&'static str, i128)>,
}

/// An indicator's cells.
#[derive(Clone, Debug)]
pub struct ComputedFigures {
    /// The indicator.
    pub indicator: &'static Indicator,
    /// Its cells, in the order of their words; without a breakdown there is exactly one.
    pub cells: Vec<FigureCell>,
}

/// Why figures are not computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncomputed {
    /// The question would cost more than one may.
    #[error(transparent)]
    TooCostly(#[from] TooCostly),
    /// An indicator has not what it was to be broken down or filtered by.
    #[error(transparent)]
    DimensionNotHeld(#[from] DimensionNotHeld),
}

/// The breakdown of an indicator: what was asked for, and its own category where it has one.
#[must_use]
pub fn groups(indicator: &Indicator, asked: &[Dimension]) -> Vec<Dimension> {
    let mut groups = asked.to_vec();
    if indicator.by_category && !groups.contains(&Dimension::Tag) {
        groups.push(Dimension::Tag);
    }
    groups
}

fn key_of(fact: &FigureFact, groups: &[Dimension]) -> Key {
    let mut key = Key::default();
    for (slot, dimension) in key.iter_mut().zip(groups) {
        *slot = place_of(fact, *dimension);
    }
    key
}

/// Walks the facts of an indicator: its tallies by key.
#[must_use]
pub fn tally(
    cube: &Cube,
    indicator: &Indicator,
    asked: &PlacedQuery,
    moment: Moment,
) -> FxHashMap<Key, Tally> {
    let times = asked.times(indicator.kind, moment);
    let context = ShareContext::new(cube, moment.position, times, indicator.needs);
    let groups = groups(indicator, &asked.groups);
    // Facts of one cell often come one after the other: the last cell is asked first.
    let (mut cells, mut places) = (Vec::<(Key, Tally)>::new(), FxHashMap::<Key, usize>::default());
    let mut last = None;
    for measure in indicator.measures {
        asked.walk(cube, (*measure, indicator.kind), moment.position, |fact, _| {
            let Some(share) = (indicator.share)(*measure, fact, &context) else { return };
            let key = key_of(fact, &groups);
            let place = match last {
                Some((known, place)) if known == key => place,
                _ => *places.entry(key).or_insert_with(|| {
                    cells.push((key, Tally::default()));
                    cells.len() - 1
                }),
            };
            last = Some((key, place));
            cells[place].1.add(share, indicator.finish);
        });
    }
    cells.into_iter().collect()
}

/// Computes an indicator exactly, for those who see people.
#[must_use]
pub fn compute(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &PlacedQuery,
    moment: Moment,
) -> ComputedFigures {
    let tallies = tally(cube, indicator, asked, moment);
    cells_of(cube, indicator, &asked.groups, tallies)
}

/// The cells of some tallies by a breakdown.
pub(super) fn cells_of(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &[Dimension],
    mut tallies: FxHashMap<Key, Tally>,
) -> ComputedFigures {
    let groups = groups(indicator, asked);
    if groups.is_empty() {
        tallies.entry(Key::default()).or_default();
    }
    let mut cells: Vec<FigureCell> = tallies
        .iter()
        .map(|(key, tally)| {
            let words =
                groups.iter().zip(key).map(|(name, place)| cube.dictionary.word(*name, *place));
            cell(indicator, words.collect(), tally)
        })
        .collect();
    cells.sort_by(|one, other| one.words.cmp(&other.words));
    ComputedFigures { indicator, cells }
}

fn cell(indicator: &Indicator, words: Vec<String>, tally: &Tally) -> FigureCell {
    use super::indicators::Finish::{Difference, Mean, Median, Percent, Quantile, Survival, Total};
    let value = tally.value(indicator.finish);
    let (part, whole) = match indicator.finish {
        Total { .. } => (Some(tally.part), None),
        Percent | Mean => (Some(tally.part), Some(tally.whole)),
        // How many each mean, or the middle, is taken of.
        Difference => (Some(tally.whole), Some(tally.other.1)),
        Median | Quantile(_) | Survival { .. } => (Some(i128::from(tally.facts)), None),
    };
    let detail = indicator.has_detail.then(|| tally.detail(indicator.finish)).flatten();
    FigureCell { words, value, part, whole, detail, suppressed: false, held: false }
}
