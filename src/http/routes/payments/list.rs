//! Payments out of funds and into them.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::values::{FundId, PaymentReference, ProgrammeId};
use sira_projections::lists::{self, ListedPayment, OFFICES, PaymentPlace, PaymentQuestion};
use uuid::Uuid;

use super::super::beneficiaries::CASES;
use crate::clock::read_day;
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::moment::Day;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;

/// The projection that keeps payments, with what they were reconciled with.
pub const PAYMENTS: &str = "payments";

/// A kind of payment that is listed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ListedKind {
    /// A tranche paid out.
    Disbursement,
    /// A guarantee paid to the lender.
    GuaranteeCall,
    /// A credit balance paid back to the person.
    CreditRefund,
    /// A loan paid back.
    Repayment,
    /// Money that came in after a loan was written off, or a guarantee called.
    Recovery,
    /// An unspent grant or kit that came back.
    UnspentRefund,
    /// A cost of the fund itself.
    Overhead,
}

impl ListedKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Disbursement => "disbursement",
            Self::GuaranteeCall => "guarantee_call",
            Self::CreditRefund => "credit_refund",
            Self::Repayment => "repayment",
            Self::Recovery => "recovery",
            Self::UnspentRefund => "unspent_refund",
            Self::Overhead => "overhead",
        }
    }
}

/// Which payments.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedPayments {
    /// Reference of the payment or of its reversal; any spelling finds it.
    reference: Option<PaymentReference>,
    /// The programme.
    programme: Option<ProgrammeId>,
    /// The fund.
    fund: Option<FundId>,
    /// The kind of payment.
    kind: Option<ListedKind>,
    /// Paid on this day or later.
    from: Option<Day>,
    /// Paid on this day or before.
    to: Option<Day>,
    /// `true` for those that were undone, `false` for those that stand.
    reversed: Option<bool>,
    /// `true` for those that were found on a statement, `false` for those that were not.
    reconciled: Option<bool>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/payments`: the latest comes first.
pub async fn payments(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedPayments>,
) -> Result<Read<Page<ListedPayment>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = PaymentQuestion {
        reference: asked.reference.as_ref().map(|reference| reference.form().to_owned()),
        programme: asked.programme.map(|programme| programme.0),
        fund: asked.fund.map(|fund| fund.0),
        kind: asked.kind.map(ListedKind::word),
        from: asked.from.map(|day| day.0),
        to: asked.to.map(|day| day.0),
        reversed: asked.reversed,
        reconciled: asked.reconciled,
        reach: &reach,
        after: asked.place_of(read_place)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[PAYMENTS, CASES, OFFICES]).await?;
    let page = lists::payments(&app.read, &question).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.on, at.stream, at.sequence));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}

fn read_place(text: &str) -> Option<PaymentPlace> {
    let mut parts = text.split(' ');
    let on = read_day(parts.next()?)?;
    let stream = Uuid::try_parse(parts.next()?).ok()?.to_string();
    let sequence = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some(PaymentPlace { on, stream, sequence })
}
