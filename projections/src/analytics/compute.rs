//! Computing figures: from the tallies of a walk to the cells of an answer.

use super::cost::TooCostly;
use super::counting::{Tallies, tallies};
use super::cube::Cube;
use super::indicators::Indicator;
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

/// Walks the facts of an indicator: its tallies by key.
#[must_use]
pub fn tally(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &PlacedQuery,
    moment: Moment,
) -> Tallies {
    tallies(cube, &[indicator], asked, moment).pop().unwrap_or_default()
}

/// Computes some indicators exactly, for those who see people.
#[must_use]
pub fn compute(
    cube: &Cube,
    indicators: &[&'static Indicator],
    asked: &PlacedQuery,
    moment: Moment,
) -> Vec<ComputedFigures> {
    let all = indicators.iter().zip(tallies(cube, indicators, asked, moment));
    all.map(|(indicator, tallies)| cells_of(cube, indicator, &asked.groups, tallies)).collect()
}

/// The cells of some tallies by a breakdown.
pub(super) fn cells_of(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &[Dimension],
    mut tallies: Tallies,
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
