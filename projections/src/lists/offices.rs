//! Offices, by programme and code.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::page::{ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// The projection that keeps where offices stand: a list within a reader's regions is as old as it.
pub const OFFICES: &str = "offices";

/// An office of a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct OfficeItem {
    /// The programme.
    pub programme: String,
    /// Its code, its own within the programme.
    #[sqlx(rename = "office")]
    pub code: String,
    /// Its name.
    pub name: String,
    /// The region that it stands in, a key of the list.
    pub region: String,
    /// Day on which it was opened, for the last time.
    pub opened_on: NaiveDate,
    /// Last day; none while it is open.
    pub closed_on: Option<NaiveDate>,
}

/// A place in the list: the office that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficePlace {
    /// Its programme.
    pub programme: String,
    /// Its code.
    pub code: String,
}

/// Which offices are asked for.
#[derive(Clone, Debug)]
pub struct OfficeQuestion<'a> {
    /// Those of this programme.
    pub programme: Option<Uuid>,
    /// Those in this region, a key of the list.
    pub region: Option<String>,
    /// Those that are open, or those that were closed.
    pub open: Option<bool>,
    /// What the reader is shown; a donor is shown the offices of the programmes of own funds.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<OfficePlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of offices.
///
/// # Errors
/// [`ReadError`].
pub async fn offices(
    store: &ReadStore,
    question: &OfficeQuestion<'_>,
) -> Result<ListPage<OfficeItem, OfficePlace>, ReadError> {
    let place = |last: &OfficeItem| OfficePlace {
        programme: last.programme.clone(),
        code: last.code.clone(),
    };
    page(store, &statement(question), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_offices(
    store: &ReadStore,
    question: &OfficeQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

fn statement(question: &OfficeQuestion<'_>) -> Statement {
    let mut conditions = Vec::new();
    if let Some(programme) = question.programme {
        conditions.push(Condition::of("c.programme = ?", [programme.to_string().into()]));
    }
    if let Some(region) = &question.region {
        conditions.push(Condition::of("c.region = ?", [region.clone().into()]));
    }
    conditions.extend(open("c.closed_on IS NULL", question.open));
    conditions.extend(match question.reach {
        Reach::All => None,
        Reach::Regions(regions) => Some(Condition::one_of("c.region", regions)),
        Reach::Offices(offices) => Some(Condition::of_offices("c", offices)),
        Reach::Funds(funds) => Some(of_own_funds("c.programme", funds)),
    });
    Statement {
        columns: "c.programme, c.office, c.name, c.region, c.opened_on, c.closed_on",
        from: "offices AS c",
        ordered: "c",
        order: &["programme", "office"],
        descending: false,
        conditions,
        walks: vec![Vec::new()],
        after: question
            .after
            .clone()
            .map(|place| vec![Value::Text(place.programme), Value::Text(place.code)]),
        limit: bounded(question.limit),
    }
}

/// That something is open or closed, where that is asked for.
pub(super) fn open(is_open: &str, wanted: Option<bool>) -> Option<Condition> {
    wanted.map(|open| Condition::plain(&format!("{}({is_open})", if open { "" } else { "NOT " })))
}

/// That a programme has an office with one of some values in a column.
pub(super) fn of_an_office_in(programme: &str, column: &str, values: &[String]) -> Condition {
    let some = Condition::one_of(&format!("o.{column}"), values);
    some.within(&format!("EXISTS (SELECT 1 FROM offices AS o WHERE o.programme = {programme} AND "))
}

/// That a programme is one of a donor's own funds.
pub(super) fn of_own_funds(programme: &str, funds: &[Uuid]) -> Condition {
    let funds: Vec<String> = funds.iter().map(Uuid::to_string).collect();
    let some = Condition::one_of("f.fund", &funds);
    some.within(&format!(
        "EXISTS (SELECT 1 FROM fund_status AS f WHERE f.programme = {programme} AND "
    ))
}

/// The condition that something of `programme` and `office`, as these expressions say them, stands in
/// one of some regions.
pub(super) fn stands_in(programme: &str, office: &str, regions: &[String]) -> Condition {
    let some = Condition::one_of("o.region", regions);
    some.within(&format!(
        "EXISTS (SELECT 1 FROM offices AS o WHERE o.programme = {programme} AND o.office = {office} AND "
    ))
}
