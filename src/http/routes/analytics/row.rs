//! Cells and targets as rows of JSON.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::reference::Language;
use sira_projections::analytics::compute::groups;
use sira_projections::analytics::targets::{Pace, Reached, Untold};
use sira_projections::analytics::{ComputedFigures, Dimension, FigureCell, PLACES};
use sira_projections::table::Decimal;

use crate::figures::{GroupLabels, Question};

/// A row of an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Row {
    /// A cell of an indicator.
    Cell(Box<CellRow>),
    /// A target, and what was reached of it.
    Target(Box<TargetRow>),
}

/// A cell of an indicator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellRow {
    /// The indicator.
    pub indicator: &'static str,
    /// The cell's word in each dimension of the breakdown, by the dimension's word; nothing where the facts
    /// have none.
    #[serde(flatten)]
    pub groups: Map<String, Value>,
    /// What each of these words is called, in the caller's language; left out without a breakdown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub labels: BTreeMap<&'static str, String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: CellFigures,
}

/// A cell's figures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CellFigures {
    /// The value; nothing where it is undefined or hidden.
    value: Option<serde_json::Number>,
    /// What is counted or summed.
    numerator: Option<i64>,
    /// Of what.
    denominator: Option<i64>,
    /// Lower end of the interval in which the value lies with 95 % confidence; left out where none is told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "serde_json::Number")]
    low: Option<serde_json::Number>,
    /// Its upper end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "serde_json::Number")]
    high: Option<serde_json::Number>,
    /// Of how many: people, others, businesses, at risk, closed, unknown; left out where nothing is told of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    of: BTreeMap<&'static str, i64>,
    /// Whether nothing is published of the cell, being of fewer than five people or of nobody; left out
    /// when not.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    suppressed: bool,
    /// Whether some of it stands as it was published before the moment that is asked of; left out when
    /// not.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    held: bool,
}

impl From<&FigureCell> for CellFigures {
    fn from(cell: &FigureCell) -> Self {
        Self {
            value: number(cell.value),
            numerator: whole(cell.part),
            denominator: whole(cell.whole),
            low: number(
                cell.detail.as_ref().and_then(|detail| detail.interval).map(|(low, _)| low),
            ),
            high: number(
                cell.detail.as_ref().and_then(|detail| detail.interval).map(|(_, high)| high),
            ),
            of: of_how_many(cell),
            suppressed: cell.suppressed,
            held: cell.held,
        }
    }
}

fn of_how_many(cell: &FigureCell) -> BTreeMap<&'static str, i64> {
    let numbers = cell.detail.iter().flat_map(|detail| &detail.numbers);
    numbers.filter_map(|(word, count)| Some((*word, i64::try_from(*count).ok()?))).collect()
}

/// The cells of some indicators.
#[must_use]
pub fn rows(
    figures: &[ComputedFigures],
    question: &Question,
    (labels, language): (&GroupLabels, Language),
) -> Vec<Row> {
    let mut rows = Vec::new();
    for one in figures {
        let groups = groups_of(one, question);
        for cell in &one.cells {
            let called = groups.iter().zip(&cell.words);
            let called =
                called.map(|(group, word)| (group.word(), labels.label(*group, word, language)));
            let words = groups.iter().zip(&cell.words);
            let words = words.map(|(group, word)| (group.word().to_owned(), word_value(word)));
            rows.push(Row::Cell(Box::new(CellRow {
                indicator: one.indicator.name,
                groups: words.collect(),
                labels: called.collect(),
                figures: cell.into(),
            })));
        }
    }
    rows
}

/// What the cells of an indicator are broken down by.
#[must_use]
pub fn groups_of(figures: &ComputedFigures, question: &Question) -> Vec<Dimension> {
    groups(figures.indicator, &question.query.group_by)
}

/// A fact without a word for a dimension has none in the answer.
fn word_value(word: &str) -> Value {
    if word.is_empty() { Value::Null } else { word.into() }
}

fn whole(number: Option<i128>) -> Option<i64> {
    number.and_then(|number| i64::try_from(number).ok())
}

/// Whole numbers as such; the others as the number nearest to their two places, which is what their
/// text reads.
fn number(value: Option<Decimal>) -> Option<serde_json::Number> {
    let value = value?;
    let one = 10_i64.pow(value.scale().into());
    if value.unscaled() % one == 0 {
        return Some((value.unscaled() / one).into());
    }
    value.to_string().parse::<f64>().ok().and_then(serde_json::Number::from_f64)
}

/// A target, and what was reached of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetRow {
    /// The programme.
    programme: String,
    /// The indicator.
    indicator: String,
    /// First day of its period.
    from: NaiveDate,
    /// Last day of its period.
    to: NaiveDate,
    /// The region that it is set for; nothing for all.
    region: Option<String>,
    /// The sex that it is set for; nothing for both.
    sex: Option<String>,
    /// What is aimed at.
    target: Option<serde_json::Number>,
    /// What was reached.
    actual: Option<serde_json::Number>,
    /// What was reached beyond it; negative for what is missing.
    gap: Option<serde_json::Number>,
    /// What was reached, in percent of it.
    percent: Option<serde_json::Number>,
    /// The part of its period that is over, in percent; nothing where what was reached is not told.
    elapsed_percent: Option<serde_json::Number>,
    /// Whether it is `reached`, `on_track` (as much as that part asks for) or `behind`; nothing for a share or a
    /// balance, which do not grow day by day.
    #[schemars(with = "Option<String>")]
    pace: Option<&'static str>,
    /// Why what was reached is not told; left out when it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    untold: Option<&'static str>,
    /// Whether some of what was reached stands as it was published before the moment that is asked of; left
    /// out when not.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    held: bool,
}

impl From<&Reached> for Row {
    fn from(one: &Reached) -> Self {
        let [aim, actual, gap, percent] = measures(one).map(number);
        let of = &one.target;
        Self::Target(Box::new(TargetRow {
            programme: of.programme.clone(),
            indicator: of.indicator.clone(),
            from: of.from_on,
            to: of.to_on,
            region: of.region.clone(),
            sex: of.sex.clone(),
            target: aim,
            actual,
            gap,
            percent,
            elapsed_percent: number(one.progress.elapsed),
            pace: one.progress.pace.map(Pace::word),
            untold: one.untold.map(Untold::word),
            held: one.held,
        }))
    }
}

/// Target, what was reached, gap and rate.
#[must_use]
pub fn measures(one: &Reached) -> [Option<Decimal>; 4] {
    let aim = Decimal::of_ratio(one.target.value.into(), 1, PLACES);
    let scaled = |value: Decimal| i128::from(value.unscaled());
    let parts = 10_i128.pow(PLACES.into());
    let both = one.actual.zip(aim);
    let gap = both
        .and_then(|(actual, aim)| Decimal::of_ratio(scaled(actual) - scaled(aim), parts, PLACES));
    let percent =
        both.and_then(|(actual, aim)| Decimal::of_ratio(scaled(actual) * 100, scaled(aim), PLACES));
    [aim, one.actual, gap, percent]
}
