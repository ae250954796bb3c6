//! Paths: by filters in an order, those where nothing happens, those that wait for a decision.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sira_database::on_engine;
use sqlx::QueryBuilder;
use std::collections::HashMap;

use super::filters::Filters;
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use super::{MAX_PAGE, cut};
use crate::{Reach, ReadError, ReadStore};

const WALKED: Walked = Walked { table: "case_status", only: "" };

/// The columns of a [`Case`], of the table `c`.
pub(super) const COLUMNS: &str = "c.aggregate_id, c.reference, c.programme, c.office, c.region, c.sex, \
     c.birth_year, c.intake, c.sector, c.stage, c.status, c.awaiting, c.cohort, c.fund, \
     c.registered_on, c.started_on, c.closed_on, c.last_on, c.duplicate, c.erased, c.version, \
     c.position, c.recorded_at";

/// Where a path stands, for those who work on it. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Case {
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
    /// Latest day of any fact.
    pub last_on: NaiveDate,
    /// Whether the path is frozen, the person going on under another.
    pub duplicate: bool,
    /// Whether the personal data were erased.
    pub erased: bool,
    /// Sequence of the last event.
    pub version: i64,
    /// Its position.
    pub position: i64,
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

/// A place in the list: the path that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePlace {
    /// Its day, by the list's order.
    pub on: NaiveDate,
    /// Its id.
    pub id: String,
}

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
    /// Rows; at most [`MAX_PAGE`].
    pub limit: u32,
}

/// A page of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePage {
    /// The paths.
    pub items: Vec<Case>,
    /// Where the next page begins; none on the last one.
    pub next: Option<CasePlace>,
}

/// A page of paths.
///
/// # Errors
/// [`ReadError`].
pub async fn cases(store: &ReadStore, question: &CaseQuestion<'_>) -> Result<CasePage, ReadError> {
    let statement = statement(store, question).await?;
    let mut items: Vec<Case> = statement.fetch(store).await?;
    let has_more = cut(&mut items, statement.limit);
    add_advisers(store, &mut items, |case| (&case.id, &mut case.adviser)).await?;
    let next = items.last().filter(|_| has_more).map(|last| CasePlace {
        on: match question.order {
            CaseOrder::RegisteredOn => last.registered_on,
            CaseOrder::LastOn => last.last_on,
        },
        id: last.id.clone(),
    });
    Ok(CasePage { items, next })
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
        limit: question.limit.clamp(1, MAX_PAGE),
    })
}

/// Adds who is in charge of each row's path.
pub(super) async fn add_advisers<T>(
    store: &ReadStore,
    rows: &mut [T],
    of: impl Fn(&mut T) -> (&String, &mut Option<String>),
) -> Result<(), ReadError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = rows.iter_mut().map(|row| of(row).0.clone()).collect();
    let mut handle = store.query().await?;
    let found: Vec<(String, String)> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT aggregate_id, adviser FROM case_advisers WHERE aggregate_id IN (",
        );
        let mut list = query.separated(", ");
        for id in &ids {
            list.push_bind(id);
        }
        query.push(")");
        query.build_query_as().fetch_all(db).await
    })?;
    let advisers: HashMap<_, _> = found.into_iter().collect();
    // A path may have several rows.
    for row in rows {
        let (id, adviser) = of(row);
        *adviser = advisers.get(id).cloned();
    }
    Ok(())
}
