//! Follow-up visits that are to be made.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::filters::Filters;
use super::page::{ListPage, bounded, page_with_advisers};
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use crate::{Reach, ReadError, ReadStore};

const WALKED: Walked = Walked { table: "follow_up_schedule", only: "open" };

/// A visit that is to be made. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct DueVisit {
    /// The path's id.
    #[sqlx(rename = "aggregate_id")]
    pub id: String,
    /// Its reference for paper and phone.
    pub reference: String,
    /// The programme.
    pub programme: String,
    /// The office in charge.
    pub office: String,
    /// The region of residence.
    pub region: String,
    /// The adviser in charge.
    #[sqlx(skip)]
    pub adviser: Option<String>,
    /// Months after the start.
    pub milestone: i64,
    /// Day on which it is due.
    pub due_on: NaiveDate,
    /// The week of that day (ISO 8601), such as `2024-W05`.
    #[sqlx(skip)]
    pub week: String,
    /// Days by which it is late today; 0 until it is.
    #[sqlx(skip)]
    pub days_late: i64,
}

/// A place in the list: the visit that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitPlace {
    /// Its day.
    pub due_on: NaiveDate,
    /// The path's id.
    pub id: String,
    /// Months after the start.
    pub milestone: i64,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct VisitQuestion<'a> {
    /// Visits due until this day, those of the past among them.
    pub until: NaiveDate,
    /// Today, by the clock of whoever asks.
    pub today: NaiveDate,
    /// What the paths must have: programme, region, office and adviser alone.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<VisitPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of visits, the first due first.
pub type VisitPage = ListPage<DueVisit, VisitPlace>;

/// A page of visits to be made. A person who was erased cannot be visited.
///
/// # Errors
/// [`ReadError`].
pub async fn due_visits(
    store: &ReadStore,
    question: &VisitQuestion<'_>,
) -> Result<VisitPage, ReadError> {
    let place = |last: &DueVisit| VisitPlace {
        due_on: last.due_on,
        id: last.id.clone(),
        milestone: last.milestone,
    };
    let statement = statement(store, question).await?;
    let mut page =
        page_with_advisers(store, &statement, |visit| (&visit.id, &mut visit.adviser), place)
            .await?;
    for visit in &mut page.items {
        visit.days_late = (question.today - visit.due_on).num_days().max(0);
        visit.week = visit.due_on.format("%G-W%V").to_string();
    }
    Ok(page)
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_visits(
    store: &ReadStore,
    question: &VisitQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(store, question).await?.explain(store).await
}

async fn statement(
    store: &ReadStore,
    question: &VisitQuestion<'_>,
) -> Result<Statement, ReadError> {
    let mut conditions = question.filters.conditions();
    conditions.extend([
        Condition::plain("c.open"),
        Condition::of("c.due_on <= ?", [question.until.into()]),
        Condition::plain(
            "NOT EXISTS (SELECT 1 FROM case_status AS s \
             WHERE s.aggregate_id = c.aggregate_id AND s.erased)",
        ),
    ]);
    let from = if question.filters.adviser.is_some() {
        "case_advisers AS a JOIN follow_up_schedule AS c ON c.aggregate_id = a.aggregate_id"
    } else {
        "follow_up_schedule AS c"
    };
    let after = question
        .after
        .clone()
        .map(|place| vec![place.due_on.into(), Value::Text(place.id), Value::Int(place.milestone)]);
    Ok(Statement {
        columns: "c.aggregate_id, c.reference, c.programme, c.office, c.region, c.milestone, c.due_on",
        from,
        ordered: "c",
        order: &["due_on", "aggregate_id", "milestone"],
        descending: false,
        conditions,
        walks: walks(store, WALKED, question.reach, question.filters).await?,
        after,
        limit: bounded(question.limit),
    })
}
