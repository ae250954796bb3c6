//! A series over time: flows of each period, balances at each period's end.
//!
//! Every period of the range has its row, also where nothing happened in it, and none has that is outside. A
//! group that is in any of the periods is in all of them.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::compute::{ComputedFigures, FigureCell, Key, cells_of, tally};
use super::counting::Tallies;
use super::cube::Cube;
use super::facts::{day_of, number_of};
use super::indicators::{Indicator, IndicatorKind};
use super::query::{AnalyticsQuery, DimensionNotHeld, Moment, PlacedQuery};
use super::words::Dimension;

/// The interval that a day is in: its word, its first and its last day.
pub fn span(interval: Dimension, day: NaiveDate) -> Option<(String, NaiveDate, NaiveDate)> {
    let year = day.year();
    let (word, month, months) = match interval {
        Dimension::Year => (format!("{year:04}"), 1, 12),
        Dimension::Quarter => {
            let quarter = day.month0() / 3;
            (format!("{year:04}-Q{}", quarter + 1), quarter * 3 + 1, 3)
        }
        _ => (format!("{year:04}-{:02}", day.month()), day.month(), 1),
    };
    let from = NaiveDate::from_ymd_opt(year, month, 1)?;
    let to = from.checked_add_months(chrono::Months::new(months))?.pred_opt()?;
    Some((word, from, to))
}

/// The first and last day of an interval of a word.
#[must_use]
pub fn period_of(interval: Dimension, word: &str) -> Option<(NaiveDate, NaiveDate)> {
    let month = match interval {
        Dimension::Year => format!("{word}-01"),
        Dimension::Quarter => {
            let (year, quarter) = word.split_once("-Q")?;
            format!("{year}-{:02}", (quarter.parse::<u32>().ok()?.checked_sub(1)?) * 3 + 1)
        }
        _ => word.to_owned(),
    };
    let day = format!("{month}-01").parse().ok()?;
    span(interval, day).map(|(_, from, to)| (from, to))
}

/// The intervals of a range, each cut to it.
pub fn spans(
    interval: Dimension,
    (from, to): (NaiveDate, NaiveDate),
) -> Vec<(String, NaiveDate, NaiveDate)> {
    let mut spans = Vec::new();
    let mut day = from;
    while let Some((word, first, last)) = span(interval, day).filter(|_| day <= to) {
        spans.push((word, first.max(from), last.min(to)));
        let Some(next) = last.succ_opt() else { break };
        day = next;
    }
    spans
}

/// The range of a series: what was asked for, or from the first fact that counts to the day of the question.
fn range(
    cube: &Cube,
    indicator: &'static Indicator,
    (query, asked): (&AnalyticsQuery, &PlacedQuery),
    at: Moment,
) -> Option<(NaiveDate, NaiveDate)> {
    let to = query.to.map_or(at.day, |to| to.min(at.day));
    if let Some(from) = query.from {
        return (from <= to).then_some((from, to));
    }
    let whole = asked.within((NaiveDate::MIN, to), at);
    let mut first: Option<i32> = None;
    for measure in indicator.measures {
        // Of a balance every beginning counts, also of what has ended since.
        whole.walk(cube, (*measure, IndicatorKind::Flow), |fact, _| {
            first = Some(first.map_or(fact.on, |known| known.min(fact.on)));
        });
    }
    // The first period is a whole one, whatever day of it the first fact is of.
    let begin = |first: i32| {
        let first = day_of(first);
        query.series.and_then(|interval| span(interval, first)).map_or(first, |(_, from, _)| from)
    };
    first.filter(|first| *first <= number_of(to)).map(|first| (begin(first), to))
}

/// How many periods a series has at most, from the first fact on where it is not said from when: each is a walk.
#[must_use]
pub fn periods(cube: &Cube, query: &AnalyticsQuery, interval: Dimension, at: Moment) -> u64 {
    let to = query.to.map_or(at.day, |to| to.min(at.day));
    let Some(from) = query.from.or_else(|| cube.first_day()) else { return 1 };
    let length = match interval {
        Dimension::Year => 365,
        Dimension::Quarter => 90,
        _ => 28,
    };
    u64::try_from((to - from).num_days()).unwrap_or_default() / length + 3
}

/// The series of some indicators, by an interval and what the question is broken down by.
///
/// # Errors
/// [`DimensionNotHeld`].
pub fn compute_series(
    cube: &Cube,
    indicators: &[&'static Indicator],
    query: &AnalyticsQuery,
    interval: Dimension,
    at: Moment,
) -> Result<Vec<ComputedFigures>, DimensionNotHeld> {
    // What is known of people is the same in every period.
    let whole = query.of_period((NaiveDate::MIN, query.to.unwrap_or(at.day)));
    let asked = whole.on(cube, indicators, at)?;
    let one = |indicator: &&'static Indicator| {
        let range = range(cube, indicator, (query, &asked), at);
        let spans = range.map_or_else(Vec::new, |range| spans(interval, range));
        let tallied = |(word, from, to): (String, NaiveDate, NaiveDate)| {
            (word, tally(cube, indicator, &asked.within((from, to), at), at))
        };
        let periods = spans.into_iter().map(tallied).collect();
        ComputedFigures { indicator, cells: cells_of_periods(cube, indicator, &asked, periods) }
    };
    Ok(indicators.iter().map(one).collect())
}

/// The cells of every period, those of each with a row for every group that is in any.
fn cells_of_periods(
    cube: &Cube,
    indicator: &'static Indicator,
    asked: &PlacedQuery,
    periods: Vec<(String, Tallies)>,
) -> Vec<FigureCell> {
    let keys: BTreeSet<Key> =
        periods.iter().flat_map(|(_, tallies)| tallies.keys().copied()).collect();
    let mut cells = Vec::new();
    for (word, mut tallies) in periods {
        for key in &keys {
            tallies.entry(*key).or_default();
        }
        for mut cell in cells_of(cube, indicator, &asked.groups, tallies).cells {
            cell.words.insert(0, word.clone());
            cells.push(cell);
        }
    }
    cells.sort_by(|one, other| one.words.cmp(&other.words));
    cells
}
