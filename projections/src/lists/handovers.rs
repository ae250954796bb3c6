//! Transfers that wait to be accepted, for the office that takes over and the one that handed over.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::filters::Filters;
use super::page::{DayPlace, ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use crate::{Reach, ReadError, ReadStore};

/// A transfer that waits to be accepted. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct PendingTransfer {
    /// The path's id.
    #[sqlx(rename = "aggregate_id")]
    pub id: String,
    /// Its reference for paper and phone.
    pub reference: String,
    /// The programme.
    pub programme: String,
    /// The office that takes over, and is in charge.
    pub office: String,
    /// The region of residence.
    pub region: String,
    /// The office that handed the path over.
    pub from_office: String,
    /// Day of the transfer.
    pub handed_over_on: NaiveDate,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct TransferQuestion<'a> {
    /// What the paths must have: programme, region and office (that takes over) alone.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown: those of either office within reach.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<DayPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of transfers, the longest waiting first.
///
/// # Errors
/// [`ReadError`].
pub async fn pending_transfers(
    store: &ReadStore,
    question: &TransferQuestion<'_>,
) -> Result<ListPage<PendingTransfer, DayPlace>, ReadError> {
    let place = |last: &PendingTransfer| DayPlace { on: last.handed_over_on, id: last.id.clone() };
    let mut conditions = question.filters.conditions();
    conditions.extend(within(question.reach));
    let statement = Statement {
        columns: "c.aggregate_id, c.reference, c.programme, c.office, c.region, c.from_office, c.handed_over_on",
        from: "handovers AS c",
        ordered: "c",
        order: &["handed_over_on", "aggregate_id"],
        descending: false,
        conditions,
        // What waits is little: one walk in the order of days, whoever asks.
        walks: vec![Vec::new()],
        after: question.after.clone().map(|place| vec![place.on.into(), Value::Text(place.id)]),
        limit: bounded(question.limit),
    };
    page(store, &statement, place).await
}

/// That one of the two offices is within reach.
fn within(reach: &Reach) -> Option<Condition> {
    let either = |met: Condition| {
        met.within(
            "EXISTS (SELECT 1 FROM offices AS o WHERE o.programme = c.programme \
             AND o.office IN (c.office, c.from_office) AND ",
        )
    };
    match reach {
        Reach::All => None,
        Reach::Regions(regions) => Some(either(Condition::one_of("o.region", regions))),
        Reach::Offices(offices) => Some(either(Condition::of_offices("o", offices))),
        Reach::Funds(_) => Some(Condition::never()),
    }
}
