//! Training groups: the latest begun comes first.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::offices::{open, stands_in};
use super::page::{DayPlace, ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// Where a training group stands. It names none of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct CohortItem {
    /// The cohort's id.
    #[sqlx(rename = "cohort")]
    pub id: String,
    /// The programme.
    pub programme: String,
    /// The cohort's own word.
    pub code: String,
    /// The office in charge.
    pub office: String,
    /// Where it is held.
    pub centre: String,
    /// Seats.
    pub capacity: i64,
    /// Seats taken.
    pub seats_taken: i64,
    /// Sessions scheduled.
    pub sessions: i64,
    /// Sessions whose register was recorded.
    pub registers: i64,
    /// Members who were there, over all registers.
    pub present: i64,
    /// Members who were not.
    pub absent: i64,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Day on which it was closed; none while it is open.
    pub closed_on: Option<NaiveDate>,
    /// Sequence of the last event.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub version: Version,
    /// Its position.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub position: Position,
}

/// Which training groups are asked for.
#[derive(Clone, Debug)]
pub struct CohortQuestion<'a> {
    /// Those of this programme.
    pub programme: Option<Uuid>,
    /// Those of an office in this region, a key of the list.
    pub region: Option<String>,
    /// Those of this office.
    pub office: Option<String>,
    /// Those that are open, or those that were closed.
    pub open: Option<bool>,
    /// What the reader is shown; a donor is shown none.
    pub reach: &'a Reach,
    /// Where the page before ended: a first day and a cohort.
    pub after: Option<DayPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of training groups.
///
/// # Errors
/// [`ReadError`].
pub async fn cohorts(
    store: &ReadStore,
    question: &CohortQuestion<'_>,
) -> Result<ListPage<CohortItem, DayPlace>, ReadError> {
    let place = |last: &CohortItem| DayPlace { on: last.starts_on, id: last.id.clone() };
    page(store, &statement(question), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_cohorts(
    store: &ReadStore,
    question: &CohortQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

fn statement(question: &CohortQuestion<'_>) -> Statement {
    let in_regions = |regions: &[String]| stands_in("c.programme", "c.office", regions);
    let mut conditions = Vec::new();
    if let Some(programme) = question.programme {
        conditions.push(Condition::of("c.programme = ?", [programme.to_string().into()]));
    }
    if let Some(office) = &question.office {
        conditions.push(Condition::of("c.office = ?", [office.clone().into()]));
    }
    if let Some(region) = &question.region {
        conditions.push(in_regions(std::slice::from_ref(region)));
    }
    conditions.extend(open("c.closed_on IS NULL", question.open));
    conditions.extend(match question.reach {
        Reach::All => None,
        Reach::Regions(regions) => Some(in_regions(regions)),
        Reach::Offices(offices) => Some(Condition::of_offices("c", offices)),
        Reach::Funds(_) => Some(Condition::never()),
    });
    Statement {
        columns: "c.cohort, c.programme, c.code, c.office, c.centre, c.capacity, c.seats_taken, \
                  c.sessions, c.registers, c.present, c.absent, c.starts_on, c.ends_on, c.closed_on, \
                  c.version, c.position",
        from: "cohort_status AS c",
        ordered: "c",
        order: &["starts_on", "cohort"],
        descending: true,
        conditions,
        walks: vec![Vec::new()],
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    }
}
