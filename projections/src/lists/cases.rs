//! Paths: by filters in an order, those where nothing happens, those that wait for a decision.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::{Position, Version};

use super::filters::Filters;
use super::page::{DayPlace, ListPage, bounded, page_with_advisers};
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use crate::{Reach, ReadError, ReadStore};

const WALKED: Walked = Walked { table: "case_status", only: "" };

/// The columns of a [`CaseItem`], of the table `c`.
pub(super) const COLUMNS: &str = "c.aggregate_id, c.reference, c.programme, c.office, c.region, c.sex, \
     c.birth_year, c.intake, c.sector, c.stage, c.status, c.awaiting, c.cohort, c.fund, \
     c.registered_on, c.started_on, c.closed_on, c.closed_because, c.last_on, c.duplicate, c.erased, c.version, \
     c.position, c.recorded_at";

/// Where a path stands, for those who work on it. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(rename = "Case")]
pub struct CaseItem {
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
    /// `female` or `male`.
    pub sex: String,
    /// Year of birth.
    pub birth_year: i64,
    /// How the person came.
    pub intake: String,
    /// Sector of the business, or of the idea before it starts.
    pub sector: Option<String>,
    /// The stage.
    pub stage: String,
    /// The status.
    pub status: String,
    /// The decision that the path waits for.
    pub awaiting: Option<String>,
    /// The training group last joined.
    pub cohort: Option<String>,
    /// The fund of the last approved financing.
    pub fund: Option<String>,
    /// Day of registration.
    pub registered_on: NaiveDate,
    /// Day on which the business started.
    pub started_on: Option<NaiveDate>,
    /// Day on which it closed.
    pub closed_on: Option<NaiveDate>,
    /// The decision that closed the path: `not_selected` or `not_eligible`.
    pub closed_because: Option<String>,
    /// Latest day of any fact.
    pub last_on: NaiveDate,
    /// Whether the path is frozen, the person going on under another.
    pub duplicate: bool,
    /// Whether the personal data were erased.
    pub erased: bool,
    /// Sequence of the last event.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub version: Version,
    /// Its position.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// By which day paths are put in order; those of one day by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseOrder {
    /// Day of registration.
    RegisteredOn,
    /// Latest day of any fact.
    LastOn,
}

/// Which paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those that are active and had no fact after this day.
    WithoutFactAfter(NaiveDate),
    /// Those that wait for a decision.
    Awaiting,
}

/// A place in the list: the path that was seen last, with its day by the list's order.
pub type CasePlace = DayPlace;

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct CaseQuestion<'a> {
    /// Which paths.
    pub which: Which,
    /// What they must have.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown.
    pub reach: &'a Reach,
    /// The order.
    pub order: CaseOrder,
    /// Whether the latest day comes first.
    pub descending: bool,
    /// Where the page before ended.
    pub after: Option<CasePlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of paths.
pub type CasePage = ListPage<CaseItem, CasePlace>;

/// A page of paths.
///
/// # Errors
/// [`ReadError`].
pub async fn cases(store: &ReadStore, question: &CaseQuestion<'_>) -> Result<CasePage, ReadError> {
    let place = |last: &CaseItem| CasePlace {
        on: match question.order {
            CaseOrder::RegisteredOn => last.registered_on,
            CaseOrder::LastOn => last.last_on,
        },
        id: last.id.clone(),
    };
    let statement = statement(store, question).await?;
    page_with_advisers(store, &statement, |case| (&case.id, &mut case.adviser), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_cases(
    store: &ReadStore,
    question: &CaseQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(store, question).await?.explain(store).await
}

async fn statement(store: &ReadStore, question: &CaseQuestion<'_>) -> Result<Statement, ReadError> {
    let filters = question.filters;
    let mut conditions = filters.conditions();
    let plain = |texts: &[&str]| texts.iter().map(|text| Condition::plain(text)).collect();
    let own: Vec<_> = match question.which {
        Which::All => Vec::new(),
        Which::WithoutFactAfter(day) => {
            let mut own: Vec<_> =
                plain(&["c.status = 'active'", "NOT c.duplicate", "NOT c.erased"]);
            own.push(Condition::of("c.last_on <= ?", [day.into()]));
            own
        }
        Which::Awaiting => plain(&["c.awaiting IS NOT NULL", "NOT c.erased"]),
    };
    conditions.extend(own);
    let by_adviser = filters.adviser.is_some();
    let from = if by_adviser {
        "case_advisers AS a JOIN case_status AS c ON c.aggregate_id = a.aggregate_id"
    } else {
        "case_status AS c"
    };
    Ok(Statement {
        columns: COLUMNS,
        from,
        ordered: if by_adviser { "a" } else { "c" },
        order: match question.order {
            CaseOrder::RegisteredOn => &["registered_on", "aggregate_id"],
            CaseOrder::LastOn => &["last_on", "aggregate_id"],
        },
        descending: question.descending,
        conditions,
        walks: walks(store, WALKED, question.reach, filters).await?,
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    })
}
