//! Closed paths whose personal data are past their programme's retention period.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::cases::{COLUMNS, CaseItem, CasePlace};
use super::filters::Filters;
use super::page::{ListPage, bounded, page_with_advisers};
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use crate::{Reach, ReadError, ReadStore};

const WALKED: Walked = Walked { table: "case_status", only: "path_closed_on IS NOT NULL" };

/// A closed path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct Closed {
    /// Where it stands.
    #[serde(flatten)]
    #[sqlx(flatten)]
    pub case: CaseItem,
    /// The day on which it closed.
    pub path_closed_on: NaiveDate,
}

/// A page that is asked for: the path that closed first comes first.
#[derive(Clone, Debug)]
pub struct ClosedQuestion<'a> {
    /// Programmes, each with the last day such that what closed by then is past retention.
    pub cutoffs: &'a [(Uuid, NaiveDate)],
    /// What paths must have.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown.
    pub reach: &'a Reach,
    /// Where the page before ended, by the day on which paths closed.
    pub after: Option<CasePlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of closed paths.
pub type ClosedPage = ListPage<Closed, CasePlace>;

/// A page of closed paths whose personal data are there and past retention.
///
/// # Errors
/// [`ReadError`].
pub async fn past_retention(
    store: &ReadStore,
    question: &ClosedQuestion<'_>,
) -> Result<ClosedPage, ReadError> {
    if question.cutoffs.is_empty() {
        return Ok(ClosedPage { items: Vec::new(), next: None });
    }
    let place = |last: &Closed| CasePlace { on: last.path_closed_on, id: last.case.id.clone() };
    let statement = statement(store, question).await?;
    page_with_advisers(store, &statement, |row| (&row.case.id, &mut row.case.adviser), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_past_retention(
    store: &ReadStore,
    question: &ClosedQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(store, question).await?.explain(store).await
}

async fn statement(
    store: &ReadStore,
    question: &ClosedQuestion<'_>,
) -> Result<Statement, ReadError> {
    let mut conditions = question.filters.conditions();
    conditions.push(Condition::plain("c.path_closed_on IS NOT NULL"));
    conditions.push(Condition::plain("NOT c.erased"));
    // Says again what the programmes' own days say, so that an index by that day is read up to there.
    if let Some(last) = question.cutoffs.iter().map(|(_, last)| *last).max() {
        conditions.push(Condition::of("c.path_closed_on <= ?", [last.into()]));
    }
    let places = vec!["(c.programme = ? AND c.path_closed_on <= ?)"; question.cutoffs.len()];
    let values = question
        .cutoffs
        .iter()
        .flat_map(|(programme, last)| [Value::Text(programme.to_string()), Value::Day(*last)]);
    conditions.push(Condition::of(format!("({})", places.join(" OR ")), values));
    Ok(Statement {
        columns: columns(),
        from: "case_status AS c",
        ordered: "c",
        order: &["path_closed_on", "aggregate_id"],
        descending: false,
        conditions,
        walks: walks(store, WALKED, question.reach, question.filters).await?,
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    })
}

/// The columns of a [`Closed`].
fn columns() -> &'static str {
    static WITH_CLOSE: std::sync::LazyLock<String> =
        std::sync::LazyLock::new(|| format!("{COLUMNS}, c.path_closed_on"));
    &WITH_CLOSE
}
