//! Funds: the latest begun comes first.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::offices::open;
use super::page::{DayPlace, ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// Where a fund stands. Amounts are whole francs (XOF); those that one payment moves are left out for who
/// must see nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct FundItem {
    /// The fund's id.
    #[sqlx(rename = "fund")]
    pub id: String,
    /// The programme.
    pub programme: String,
    /// The fund's own word.
    pub code: String,
    /// The donor.
    pub donor: String,
    /// First day of commitment.
    pub starts_on: NaiveDate,
    /// Last day of commitment.
    pub ends_on: NaiveDate,
    /// What the donor gives, as it stands.
    pub budget: i64,
    /// Committed and not given up or paid back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "i64")]
    pub committed: Option<i64>,
    /// Paid out and not paid back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "i64")]
    pub disbursed: Option<i64>,
    /// Principal that came back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "i64")]
    pub repaid: Option<i64>,
    /// Interest that came in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "i64")]
    pub interest: Option<i64>,
    /// Costs of the fund itself that were paid and not undone.
    pub overheads: i64,
    /// What can still be committed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "i64")]
    pub free: Option<i64>,
    /// Whether it is closed.
    pub closed: bool,
    /// Sequence of the last event.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub version: Version,
    /// Its position.
    #[sqlx(try_from = "i64")]
    #[schemars(with = "i64")]
    pub position: Position,
}

impl FundItem {
    /// The fund without the sums that one person's payment moves: for those who must see nobody, who are
    /// told what was published of them.
    #[must_use]
    pub fn without_sums(self) -> Self {
        Self { committed: None, disbursed: None, repaid: None, interest: None, free: None, ..self }
    }
}

/// Which funds are asked for.
#[derive(Clone, Debug)]
pub struct FundQuestion<'a> {
    /// Those of this programme.
    pub programme: Option<Uuid>,
    /// Those of this donor, by the whole name.
    pub donor: Option<String>,
    /// Those that are open, or those that were closed.
    pub open: Option<bool>,
    /// What the reader is shown: a donor own funds, everybody else all of them.
    pub reach: &'a Reach,
    /// Where the page before ended: a first day and a fund.
    pub after: Option<DayPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of funds.
///
/// # Errors
/// [`ReadError`].
pub async fn funds(
    store: &ReadStore,
    question: &FundQuestion<'_>,
) -> Result<ListPage<FundItem, DayPlace>, ReadError> {
    let place = |last: &FundItem| DayPlace { on: last.starts_on, id: last.id.clone() };
    page(store, &statement(question), place).await
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_funds(
    store: &ReadStore,
    question: &FundQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

fn statement(question: &FundQuestion<'_>) -> Statement {
    let mut conditions = Vec::new();
    if let Some(programme) = question.programme {
        conditions.push(Condition::of("c.programme = ?", [programme.to_string().into()]));
    }
    if let Some(donor) = &question.donor {
        conditions.push(Condition::of("c.donor = ?", [donor.clone().into()]));
    }
    conditions.extend(open("NOT c.closed", question.open));
    if let Reach::Funds(funds) = question.reach {
        let funds: Vec<String> = funds.iter().map(Uuid::to_string).collect();
        conditions.push(Condition::one_of("c.fund", &funds));
    }
    Statement {
        columns: "c.fund, c.programme, c.code, c.donor, c.starts_on, c.ends_on, c.budget, c.committed, \
                  c.disbursed, c.repaid, c.interest, c.overheads, c.free, c.closed, c.version, c.position",
        from: "fund_status AS c",
        ordered: "c",
        order: &["starts_on", "fund"],
        descending: true,
        conditions,
        walks: vec![Vec::new()],
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    }
}
