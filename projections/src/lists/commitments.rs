//! What the parties of conventions have committed themselves to and not kept yet.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::page::{ListPage, bounded, page};
use super::programmes::programmes_within;
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// The projection that keeps commitments.
pub const COMMITMENTS: &str = "commitments";

/// A commitment that is neither kept nor withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct CommitmentItem {
    /// The programme.
    pub programme: String,
    /// Its number within the programme.
    pub commitment: i64,
    /// Name of the party.
    pub party: String,
    /// What it commits itself to.
    pub what: String,
    /// The indicator that tells of it.
    pub indicator: Option<String>,
    /// Day on which it was recorded.
    pub recorded_on: NaiveDate,
    /// Day by which it is to be done.
    pub due_on: NaiveDate,
    /// Days since that day; 0 before it.
    #[sqlx(skip)]
    pub days_late: i64,
}

/// A place in the list: the commitment that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentPlace {
    /// Day by which it is to be done.
    pub due_on: NaiveDate,
    /// The programme.
    pub programme: String,
    /// Its number.
    pub commitment: i64,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct CommitmentQuestion<'a> {
    /// Those of this programme.
    pub programme: Option<Uuid>,
    /// Those that were to be done before today, and nothing else.
    pub overdue: bool,
    /// Today, by the clock of whoever asks.
    pub today: NaiveDate,
    /// Whose programmes the reader is shown.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<CommitmentPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of open commitments: the longest overdue first.
///
/// # Errors
/// [`ReadError`].
pub async fn commitments(
    store: &ReadStore,
    question: &CommitmentQuestion<'_>,
) -> Result<ListPage<CommitmentItem, CommitmentPlace>, ReadError> {
    let place = |last: &CommitmentItem| CommitmentPlace {
        due_on: last.due_on,
        programme: last.programme.clone(),
        commitment: last.commitment,
    };
    let mut page = page(store, &statement(question), place).await?;
    for one in &mut page.items {
        one.days_late = (question.today - one.due_on).num_days().max(0);
    }
    Ok(page)
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_commitments(
    store: &ReadStore,
    question: &CommitmentQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

fn statement(question: &CommitmentQuestion<'_>) -> Statement {
    let mut conditions = vec![
        Condition::plain("c.fulfilled_on IS NULL"),
        Condition::plain("c.withdrawn_on IS NULL"),
    ];
    if let Some(programme) = question.programme {
        conditions.push(Condition::of("c.programme = ?", [programme.to_string().into()]));
    }
    if question.overdue {
        conditions.push(Condition::of("c.due_on < ?", [question.today.into()]));
    }
    conditions.extend(programmes_within(question.reach));
    let after = question.after.clone().map(|place| {
        vec![place.due_on.into(), Value::Text(place.programme), Value::Int(place.commitment)]
    });
    Statement {
        columns: "c.programme, c.commitment, c.party, c.what, c.indicator, c.recorded_on, c.due_on",
        from: "commitments AS c",
        ordered: "c",
        order: &["due_on", "programme", "commitment"],
        descending: false,
        conditions,
        walks: vec![Vec::new()],
        after,
        limit: bounded(question.limit),
    }
}
