//! Referrals to partners whose outcome nobody has told yet.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::filters::Filters;
use super::page::{ListPage, bounded, page_with_advisers};
use super::statement::{Condition, Statement, Value};
use super::walks::{Walked, walks};
use crate::{Reach, ReadError, ReadStore};

/// The projection that keeps referrals.
pub const REFERRALS: &str = "referrals";

const WALKED: Walked = Walked { table: REFERRALS, only: "open" };

/// A referral whose outcome is waited for. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct OpenReferral {
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
    /// Number within the path, from 1: what its outcome is recorded under.
    pub referral: i64,
    /// The partner, by the part that it has in the convention.
    pub partner: String,
    /// The service that the person was sent to.
    pub service: String,
    /// Day of the referral.
    pub referred_on: NaiveDate,
    /// Days since.
    #[sqlx(skip)]
    pub days_open: i64,
}

/// A place in the list: the referral that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralPlace {
    /// Its day.
    pub referred_on: NaiveDate,
    /// The path's id.
    pub id: String,
    /// Its number within the path.
    pub referral: i64,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct ReferralQuestion<'a> {
    /// Those to this partner, by the part that it has in the convention.
    pub partner: Option<String>,
    /// Those to this service.
    pub service: Option<String>,
    /// Today, by the clock of whoever asks.
    pub today: NaiveDate,
    /// What the paths must have: programme, region, office and adviser alone.
    pub filters: &'a Filters,
    /// Whose paths the reader is shown.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<ReferralPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of open referrals, the longest waiting first.
///
/// # Errors
/// [`ReadError`].
pub async fn open_referrals(
    store: &ReadStore,
    question: &ReferralQuestion<'_>,
) -> Result<ListPage<OpenReferral, ReferralPlace>, ReadError> {
    let place = |last: &OpenReferral| ReferralPlace {
        referred_on: last.referred_on,
        id: last.id.clone(),
        referral: last.referral,
    };
    let statement = statement(store, question).await?;
    let mut page =
        page_with_advisers(store, &statement, |one| (&one.id, &mut one.adviser), place).await?;
    for one in &mut page.items {
        one.days_open = (question.today - one.referred_on).num_days().max(0);
    }
    Ok(page)
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_referrals(
    store: &ReadStore,
    question: &ReferralQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(store, question).await?.explain(store).await
}

async fn statement(
    store: &ReadStore,
    question: &ReferralQuestion<'_>,
) -> Result<Statement, ReadError> {
    let mut conditions = question.filters.conditions();
    conditions.push(Condition::plain("c.open"));
    for (met, wanted) in
        [("c.partner = ?", &question.partner), ("c.service = ?", &question.service)]
    {
        conditions.extend(wanted.clone().map(|wanted| Condition::of(met, [wanted.into()])));
    }
    let from = if question.filters.adviser.is_some() {
        "case_advisers AS a JOIN referrals AS c ON c.aggregate_id = a.aggregate_id"
    } else {
        "referrals AS c"
    };
    let after = question.after.clone().map(|place| {
        vec![place.referred_on.into(), Value::Text(place.id), Value::Int(place.referral)]
    });
    Ok(Statement {
        columns: "c.aggregate_id, c.reference, c.programme, c.office, c.region, c.referral, c.partner, \
                  c.service, c.referred_on",
        from,
        ordered: "c",
        order: &["referred_on", "aggregate_id", "referral"],
        descending: false,
        conditions,
        walks: walks(store, WALKED, question.reach, question.filters).await?,
        after,
        limit: bounded(question.limit),
    })
}
