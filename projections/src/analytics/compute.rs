//! Computing figures: one walk over an indicator's facts.

use rustc_hash::FxHashMap;

use super::context::Context;
use super::cube::Cube;
use super::facts::Fact;
use super::indicator::Indicator;
use super::place::place_of;
use super::query::{Asked, DimensionNotHeld, Fit, MAX_CELLS, MAX_GROUPS, Moment};
use super::suppress::Beside;
use super::tally::Tally;
use super::words::Dimension;
use crate::table::Decimal;

/// A cell's places, in the order of the breakdown; those beyond it are 0.
pub type Key = [u32; MAX_GROUPS + 1];

/// One cell of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its words, in the order of the breakdown.
    pub words: Vec<String>,
    /// The value; none where there is nothing to divide by, and where it is hidden.
    pub value: Option<Decimal>,
    /// Above the line, or added up.
    pub part: Option<i128>,
    /// Below the line; none where nothing is divided.
    pub whole: Option<i128>,
    /// Whether it is hidden because there are few people behind it, or because others could be told
    /// from it.
    pub suppressed: bool,
}

/// An indicator's cells.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The indicator.
    pub indicator: &'static Indicator,
    /// Its cells, in the order of their words; without a breakdown there is exactly one.
    pub cells: Vec<Cell>,
}

/// More cells than an answer may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an answer has at most {MAX_CELLS} cells")]
pub struct TooManyCells;

/// Why figures are not computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncomputed {
    /// There would be more cells than an answer may have.
    #[error(transparent)]
    TooManyCells(#[from] TooManyCells),
    /// An indicator has not what it was to be broken down or filtered by.
    #[error(transparent)]
    DimensionNotHeld(#[from] DimensionNotHeld),
}

/// The tallies of one indicator, by key, with what lies beside them when somebody must see nobody.
#[derive(Debug, Default)]
pub struct Tallies {
    /// By key.
    pub cells: FxHashMap<Key, Tally>,
    /// What one condition alone kept out.
    pub beside: Beside,
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

fn key_of(fact: &Fact, groups: &[Dimension]) -> Key {
    let mut key = Key::default();
    for (slot, dimension) in key.iter_mut().zip(groups) {
        *slot = place_of(fact, *dimension);
    }
    key
}

/// Walks the facts of an indicator.
///
/// # Errors
/// [`TooManyCells`].
pub fn tally(
    cube: &Cube,
    indicator: &Indicator,
    asked: &Asked,
    moment: Moment,
    hides_few: bool,
) -> Result<Tallies, TooManyCells> {
    let context = Context::new(cube, moment.position, moment.day, indicator.needs);
    let groups = groups(indicator, &asked.groups);
    let mut tallies = Tallies::default();
    // Facts of one cell often come one after the other: the last cell is asked first.
    let (mut cells, mut places) = (Vec::<(Key, Tally)>::new(), FxHashMap::<Key, usize>::default());
    let mut last = None;
    for measure in indicator.measures {
        for fact in cube.at(*measure, moment.position) {
            let fit = asked.fit(fact, indicator.kind);
            if fit == Fit::Out || (fit != Fit::In && !hides_few) {
                continue;
            }
            let Some(share) = (indicator.share)(*measure, fact, &context) else { continue };
            let key = key_of(fact, &groups);
            match fit {
                Fit::In => {
                    let place = match last {
                        Some((known, place)) if known == key => place,
                        _ => *places.entry(key).or_insert_with(|| {
                            cells.push((key, Tally::default()));
                            cells.len() - 1
                        }),
                    };
                    last = Some((key, place));
                    cells[place].1.add(share, fact.case, indicator.finish);
                }
                Fit::Beside(place) => {
                    let value = asked.filtered(place).map_or(0, |name| place_of(fact, name));
                    tallies.beside.add((place, key, value), fact.case);
                }
                Fit::Out => {}
            }
        }
        if cells.len() > MAX_CELLS {
            return Err(TooManyCells);
        }
    }
    tallies.cells = cells.into_iter().collect();
    Ok(tallies)
}

/// Computes an indicator; `hides_few` for those who must see nobody.
///
/// # Errors
/// [`TooManyCells`].
pub fn compute(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &Asked,
    moment: Moment,
    hides_few: bool,
) -> Result<Figures, TooManyCells> {
    let mut tallies = tally(cube, indicator, asked, moment, hides_few)?;
    let groups = groups(indicator, &asked.groups);
    if groups.is_empty() {
        tallies.cells.entry(Key::default()).or_default();
    }
    let hidden = if hides_few {
        super::suppress::hidden(&tallies, groups.len(), asked.conditions(), indicator.of_people)
    } else {
        rustc_hash::FxHashSet::default()
    };
    let mut cells: Vec<Cell> = tallies
        .cells
        .iter()
        .map(|(key, tally)| {
            let words =
                groups.iter().zip(key).map(|(name, place)| cube.dictionary.word(*name, *place));
            cell(indicator, words.collect(), tally, hidden.contains(key))
        })
        .collect();
    cells.sort_by(|one, other| one.words.cmp(&other.words));
    Ok(Figures { indicator, cells })
}

fn cell(indicator: &Indicator, words: Vec<String>, tally: &Tally, suppressed: bool) -> Cell {
    use super::indicator::Finish::{Difference, Mean, Percent, Quantile, Total};
    if suppressed {
        return Cell { words, value: None, part: None, whole: None, suppressed };
    }
    let value = tally.value(indicator.finish);
    let (part, whole) = match indicator.finish {
        Total { .. } => (Some(tally.part), None),
        Percent | Mean => (Some(tally.part), Some(tally.whole)),
        // How many each mean, or the middle, is taken of.
        Difference => (Some(tally.whole), Some(tally.other.1)),
        Quantile(_) => (Some(i128::from(tally.facts)), None),
    };
    Cell { words, value, part, whole, suppressed }
}
