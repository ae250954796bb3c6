//! Loans with an instalment past its day.

use std::collections::HashMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_database::on_engine;
use sqlx::QueryBuilder;

use super::filters::Filters;
use super::page::{ListPage, bounded, page_with_advisers};
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use crate::{Reach, ReadError, ReadStore};

/// Which office is in charge of a loan now is said by the path, not by the loan's row.
const WALKED: Walked = Walked { table: "case_status", only: "" };

/// A loan with an instalment past its day. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct OverdueLoan {
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
    /// Number of the financing within the path.
    pub financing: i64,
    /// Paid out, whole francs.
    pub disbursed: i64,
    /// Principal paid back, whole francs.
    pub repaid: i64,
    /// Principal paid out and not back, whole francs.
    pub outstanding: i64,
    /// Interest of the schedule in force that is not paid, due or not, whole francs.
    pub interest_owed: i64,
    /// Day of the oldest instalment of which any part is unpaid.
    pub oldest_unpaid_due_on: NaiveDate,
    /// What was due by yesterday and is not paid, principal and interest, whole francs.
    #[sqlx(skip)]
    pub amount_past_due: i64,
    /// Days since then.
    #[sqlx(skip)]
    pub days_past_due: i64,
    /// How often the loan was rescheduled.
    pub reschedulings: i64,
    /// Whether the path is frozen, the person going on under another: the money is still owed.
    pub duplicate: bool,
    /// Whether the personal data were erased: the money is still owed.
    pub erased: bool,
}

/// A place in the list: the loan that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanPlace {
    /// Day of its oldest unpaid instalment.
    pub due_on: NaiveDate,
    /// The path's id.
    pub id: String,
    /// Number of the financing.
    pub financing: i64,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct LoanQuestion<'a> {
    /// Loans with an instalment that was due on this day or before.
    pub due_until: NaiveDate,
    /// Today, by the clock of whoever asks.
    pub today: NaiveDate,
    /// What the paths must have.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown, by the office that is in charge now.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<LoanPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of loans, the longest overdue first.
pub type LoanPage = ListPage<OverdueLoan, LoanPlace>;

/// A page of overdue loans.
///
/// # Errors
/// [`ReadError`].
pub async fn overdue(
    store: &ReadStore,
    question: &LoanQuestion<'_>,
) -> Result<LoanPage, ReadError> {
    let place = |last: &OverdueLoan| LoanPlace {
        due_on: last.oldest_unpaid_due_on,
        id: last.id.clone(),
        financing: last.financing,
    };
    let statement = statement(store, question).await?;
    let mut page =
        page_with_advisers(store, &statement, |loan| (&loan.id, &mut loan.adviser), place).await?;
    for loan in &mut page.items {
        loan.days_past_due = (question.today - loan.oldest_unpaid_due_on).num_days();
    }
    add_past_due(store, question.today, &mut page.items).await?;
    Ok(page)
}

/// Adds what is past due of each loan: the parts of its instalments that were due before today, under the terms in
/// force, and are not paid.
async fn add_past_due(
    store: &ReadStore,
    today: NaiveDate,
    loans: &mut [OverdueLoan],
) -> Result<(), ReadError> {
    if loans.is_empty() {
        return Ok(());
    }
    let mut handle = store.query().await?;
    let found: Vec<(String, i64, i64)> = on_engine!(handle.connection(), db => {
        let mut query = QueryBuilder::new(
            "SELECT aggregate_id, financing, CAST(SUM(amount) AS BIGINT) FROM instalments \
             WHERE until_position IS NULL AND occurred_on < ",
        );
        query.push_bind(today);
        query.push(" AND (paid_on IS NULL OR paid_on > ").push_bind(today);
        query.push(") AND (ended_on IS NULL OR ended_on > ").push_bind(today);
        query.push(") AND aggregate_id IN (");
        let mut list = query.separated(", ");
        for loan in loans.iter() {
            list.push_bind(loan.id.clone());
        }
        query.push(") GROUP BY aggregate_id, financing");
        query.build_query_as().fetch_all(db).await
    })?;
    let sums: HashMap<_, _> =
        found.into_iter().map(|(id, financing, sum)| ((id, financing), sum)).collect();
    for loan in loans {
        let key = (loan.id.clone(), loan.financing);
        loan.amount_past_due = sums.get(&key).copied().unwrap_or_default();
    }
    Ok(())
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_overdue(
    store: &ReadStore,
    question: &LoanQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(store, question).await?.explain(store).await
}

async fn statement(store: &ReadStore, question: &LoanQuestion<'_>) -> Result<Statement, ReadError> {
    let mut conditions = question.filters.conditions();
    conditions.extend([
        Condition::plain("l.until_position IS NULL"),
        Condition::plain("(l.outstanding > 0 OR l.interest_owed > 0)"),
        Condition::of("l.oldest_unpaid_due_on <= ?", [question.due_until.into()]),
    ]);
    let from = if question.filters.adviser.is_some() {
        "case_advisers AS a JOIN loan_status AS l ON l.aggregate_id = a.aggregate_id \
         JOIN case_status AS c ON c.aggregate_id = l.aggregate_id"
    } else {
        "loan_status AS l JOIN case_status AS c ON c.aggregate_id = l.aggregate_id"
    };
    let after = question
        .after
        .clone()
        .map(|place| vec![place.due_on.into(), Value::Text(place.id), Value::Int(place.financing)]);
    Ok(Statement {
        columns: "l.aggregate_id, c.reference, c.programme, c.office, c.region, l.financing, \
                  l.disbursed, l.repaid, l.outstanding, l.interest_owed, l.oldest_unpaid_due_on, \
                  l.reschedulings, \
                  c.duplicate, c.erased",
        from,
        ordered: "l",
        order: &["oldest_unpaid_due_on", "aggregate_id", "financing"],
        descending: false,
        conditions,
        walks: walks(store, WALKED, question.reach, question.filters).await?,
        after,
        limit: bounded(question.limit),
    })
}
