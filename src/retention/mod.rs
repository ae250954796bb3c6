//! Personal data past their programme's retention period: which they are, and their erasure by an
//! administrator's order. Nothing is erased without one.
//!
//! The period is a rule of the programme (`retention_months`) and is asked of the rules in force today:
//! a programme that shortens it means the people it holds already. Whether somebody is past it is judged
//! by the path as it stands when the order is carried out ([`past_retention`](sira_domain::path::past_retention)), not by what a list
//! showed.

mod judge;
mod order;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::path::Retained;
use sira_domain::reference::Language;
use sira_projections::lists::{self, CasePlace, Closed, ClosedQuestion, Filters};
use sira_projections::{Reach, ReadError, ReadStore};
use uuid::Uuid;

use judge::{JudgedPath, judge_person};
pub use order::{
    ERASURES_MAX, ErasureOutcome, Order, OrderForm, OrderedErasure, REASON_MAX_CHARACTERS,
    carry_out,
};

use crate::commands::{CommandError, Commands};

/// A path past retention, proposed for erasure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Proposed {
    /// The row of the list of closed paths.
    #[serde(flatten)]
    pub closed: Closed,
    /// The period of the rules in force today, in months.
    pub retention_months: Option<u32>,
    /// The rule that keeps the data all the same, by its word; none when an order would erase them.
    pub kept_by: Option<&'static str>,
    /// The same in words.
    pub kept_detail: Option<String>,
}

/// A page of the proposals, as it is asked for.
#[derive(Clone, Debug)]
pub struct RetentionQuestion<'a> {
    /// The marks that the paths must have.
    pub filters: &'a Filters,
    /// The reach of the reader: no other paths are shown.
    pub reach: &'a Reach,
    /// The place where the page before ended; none for the first.
    pub after: Option<CasePlace>,
    /// Rows of the page: 1 to 200.
    pub limit: u32,
    /// The reader's language.
    pub language: Language,
}

/// The reason for which there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// A page of those who are past retention, the first closed first, and where the next begins.
///
/// # Errors
/// [`RetentionError`].
pub async fn proposed(
    commands: &Commands,
    read: &ReadStore,
    question: &RetentionQuestion<'_>,
) -> Result<(Vec<Proposed>, Option<CasePlace>), RetentionError> {
    let today = commands.clock().now().date_naive();
    let cutoffs = cutoffs(commands, read, today).await?;
    let asked = ClosedQuestion {
        cutoffs: &cutoffs,
        filters: question.filters,
        reach: question.reach,
        after: question.after.clone(),
        limit: question.limit,
    };
    let page = lists::past_retention(read, &asked).await?;
    let mut proposed = Vec::with_capacity(page.items.len());
    for closed in page.items {
        proposed.extend(judge(commands, closed, today, question.language).await?);
    }
    Ok((proposed, page.next))
}

/// The last day for each programme such that what closed by then is past retention.
async fn cutoffs(
    commands: &Commands,
    read: &ReadStore,
    today: NaiveDate,
) -> Result<Vec<(Uuid, NaiveDate)>, RetentionError> {
    let mut cutoffs = Vec::new();
    for id in lists::programme_ids(read).await? {
        let programme = commands.current::<sira_domain::programme::Programme>(id).await?;
        let cutoff = programme
            .and_then(|programme| programme.state.rules_on(today).1.retention_cutoff(today));
        cutoffs.extend(cutoff.map(|last| (id, last)));
    }
    Ok(cutoffs)
}

/// A listed path as it stands now: none when it was erased or reopened since the read side knew it.
async fn judge(
    commands: &Commands,
    closed: Closed,
    today: NaiveDate,
    language: Language,
) -> Result<Option<Proposed>, CommandError> {
    let Ok(id) = Uuid::try_parse(&closed.case.id) else { return Ok(None) };
    let Some(person) = judge_person(commands, id, today).await? else { return Ok(None) };
    match person.0.first() {
        Some(own) if own.is_erased => return Ok(None),
        Some(JudgedPath {
            kept: None | Some(Retained::LoanOpen | Retained::GrievanceOpen),
            ..
        }) => {}
        _ => return Ok(None),
    }
    let programme = Uuid::try_parse(&closed.case.programme).unwrap_or_default();
    let programme = commands.known_programme(programme).await?;
    let (_, rules) = programme.rules_on(today);
    let kept = person.kept();
    Ok(Some(Proposed {
        closed,
        retention_months: rules.retention_months.map(sira_domain::values::Within::get),
        kept_by: kept.map(|kept| kept.by.rule()),
        kept_detail: kept.map(|kept| kept.detail(language)),
    }))
}
