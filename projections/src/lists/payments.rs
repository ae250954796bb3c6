//! Payments out of funds and into them, the latest first: found by their reference, however it is typed.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::values::Period;
use uuid::Uuid;

use super::page::{ListPage, bounded, page};
use super::statement::{Condition, Statement, Value};
use super::walks::within;
use crate::{Reach, ReadError, ReadStore};

/// A payment, with what became of it. It names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, sqlx::FromRow)]
pub struct ListedPayment {
    /// The path's id; none of an overhead of the fund.
    pub path: Option<String>,
    /// The path's reference for paper and phone.
    pub reference: Option<String>,
    /// The office in charge of the path now.
    pub office: Option<String>,
    /// The stream that holds the payment's event: the path, or the fund for its overheads.
    #[sqlx(rename = "aggregate_id")]
    pub stream: String,
    /// Sequence of the payment's event in that stream: what a reversal names.
    pub sequence: i64,
    /// Kind: `disbursement`, `guarantee_call`, `credit_refund`, `repayment`, `recovery`, `unspent_refund` or
    /// `overhead`.
    pub kind: String,
    /// Whether the money went out of the fund.
    #[sqlx(skip)]
    pub outgoing: bool,
    /// The programme.
    pub programme: String,
    /// The fund.
    pub fund: String,
    /// Number of the financing within the path.
    pub financing: Option<i64>,
    /// Number of the tranche, of a disbursement.
    pub tranche: Option<i64>,
    /// Grant, kit, loan or guarantee.
    pub instrument: Option<String>,
    /// The fund's budget line, where it has lines.
    pub budget_line: Option<String>,
    /// How it was paid.
    pub method: Option<String>,
    /// Day of the payment.
    pub occurred_on: NaiveDate,
    /// What was paid in all, whole francs.
    pub amount: i64,
    /// Interest of it.
    pub interest: i64,
    /// Credit of it: paid above all that was owed.
    pub credit: i64,
    /// The payment's reference, as it was typed.
    pub payment_reference: String,
    /// The one form of it, by which it is found.
    pub reference_form: String,
    /// Whether it was undone.
    #[sqlx(skip)]
    pub reversed: bool,
    /// Day on which it was undone.
    pub reversed_on: Option<NaiveDate>,
    /// Sequence of the reversal's event.
    pub reversal_sequence: Option<i64>,
    /// Code of why it was undone.
    pub reversal_ground: Option<String>,
    /// The reversal's own reference.
    pub reversal_reference: Option<String>,
    /// The one form of it.
    pub reversal_form: Option<String>,
    /// Whether it was found on a statement of the operator or the bank.
    #[sqlx(skip)]
    pub reconciled: bool,
    /// Day on which that was confirmed.
    pub reconciled_on: Option<NaiveDate>,
    /// SHA-256 of that statement's file.
    pub statement: Option<String>,
    /// Line of that file.
    pub statement_line: Option<i64>,
    /// Day on which the reversal was found on a statement.
    pub reversal_reconciled_on: Option<NaiveDate>,
    /// SHA-256 of that statement's file.
    pub reversal_statement: Option<String>,
    /// Line of that file.
    pub reversal_statement_line: Option<i64>,
}

/// A place in the list: the payment that was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPlace {
    /// Its day.
    pub on: NaiveDate,
    /// The stream that holds it.
    pub stream: String,
    /// Sequence of its event there.
    pub sequence: i64,
}

/// Which payments are asked for; all that is given at once.
#[derive(Clone, Debug)]
pub struct PaymentQuestion<'a> {
    /// Those with this reference, or undone under it: in its one form.
    pub reference: Option<String>,
    /// Those of this programme.
    pub programme: Option<Uuid>,
    /// Those of this fund.
    pub fund: Option<Uuid>,
    /// Those of this kind, by its word.
    pub kind: Option<&'static str>,
    /// Paid on this day or later.
    pub from: Option<NaiveDate>,
    /// Paid on this day or before.
    pub to: Option<NaiveDate>,
    /// Those that were undone, or those that stand.
    pub reversed: Option<bool>,
    /// Those that were found on a statement, or those that were not.
    pub reconciled: Option<bool>,
    /// Whose payments the reader is shown, by the office that is in charge now. Overheads are nobody's.
    pub reach: &'a Reach,
    /// Where the page before ended.
    pub after: Option<PaymentPlace>,
    /// Rows; at most [`super::MAX_PAGE`].
    pub limit: u32,
}

/// A page of payments.
pub type PaymentPage = ListPage<ListedPayment, PaymentPlace>;

/// A page of payments, the latest first.
///
/// # Errors
/// [`ReadError`].
pub async fn payments(
    store: &ReadStore,
    question: &PaymentQuestion<'_>,
) -> Result<PaymentPage, ReadError> {
    let place = |last: &ListedPayment| PaymentPlace {
        on: last.occurred_on,
        stream: last.stream.clone(),
        sequence: last.sequence,
    };
    let mut page = page(store, &statement(question), place).await?;
    page.items.iter_mut().for_each(ListedPayment::complete);
    Ok(page)
}

impl ListedPayment {
    fn complete(&mut self) {
        self.outgoing = OUTGOING.contains(&self.kind.as_str());
        self.reversed = self.reversed_on.is_some();
        self.reconciled = self.reconciled_on.is_some();
    }
}

/// Every payment of a fund within a period, to be compared with a statement of it; at most `limit`.
///
/// # Errors
/// [`ReadError`].
pub async fn fund_payments(
    store: &ReadStore,
    fund: Uuid,
    period: Period,
    limit: u32,
) -> Result<Vec<ListedPayment>, ReadError> {
    let conditions = vec![
        Condition::plain("p.until_position IS NULL"),
        Condition::of("p.fund = ?", [fund.to_string().into()]),
        Condition::of("p.occurred_on >= ?", [period.from.into()]),
        Condition::of("p.occurred_on <= ?", [period.to.into()]),
    ];
    found(store, conditions, vec![Vec::new()], limit).await
}

/// The payments of a fund with one of these references, or undone under one: each in its one form.
///
/// # Errors
/// [`ReadError`].
pub async fn payments_referred(
    store: &ReadStore,
    fund: Uuid,
    forms: &[String],
) -> Result<Vec<ListedPayment>, ReadError> {
    let mut all = Vec::new();
    for some in forms.chunks(FORMS_AT_ONCE) {
        let conditions = vec![
            Condition::plain("p.until_position IS NULL"),
            Condition::of("p.fund = ?", [fund.to_string().into()]),
        ];
        let walks = ["p.reference_form", "p.reversal_form"]
            .map(|column| vec![Condition::one_of(column, some)])
            .to_vec();
        let limit = 2 * u32::try_from(FORMS_AT_ONCE).unwrap_or(u32::MAX);
        all.extend(found(store, conditions, walks, limit).await?);
    }
    Ok(all)
}

async fn found(
    store: &ReadStore,
    conditions: Vec<Condition>,
    walks: Vec<Vec<Condition>>,
    limit: u32,
) -> Result<Vec<ListedPayment>, ReadError> {
    let statement = Statement { conditions, walks, after: None, limit, ..every() };
    let mut payments: Vec<ListedPayment> = statement.fetch(store).await?;
    payments.iter_mut().for_each(ListedPayment::complete);
    Ok(payments)
}

/// How the database finds a page.
///
/// # Errors
/// [`ReadError`].
pub async fn explain_payments(
    store: &ReadStore,
    question: &PaymentQuestion<'_>,
) -> Result<Vec<String>, ReadError> {
    statement(question).explain(store).await
}

/// References that are asked for at once: each is bound twice, and an engine binds some thousands.
const FORMS_AT_ONCE: usize = 400;
/// Kinds of payment that leave the fund.
const OUTGOING: [&str; 4] = ["disbursement", "guarantee_call", "credit_refund", "overhead"];

fn statement(question: &PaymentQuestion<'_>) -> Statement {
    // A payment is found by its own reference and by that of its reversal, each by its index.
    let walks = match &question.reference {
        None => vec![Vec::new()],
        Some(form) => ["p.reference_form = ?", "p.reversal_form = ?"]
            .map(|text| vec![Condition::of(text, [form.clone().into()])])
            .to_vec(),
    };
    let place =
        |at: PaymentPlace| vec![at.on.into(), Value::Text(at.stream), Value::Int(at.sequence)];
    Statement {
        conditions: conditions(question),
        walks,
        after: question.after.clone().map(place),
        limit: bounded(question.limit),
        ..every()
    }
}

/// Every row there ever was: the tables, and the order of the list.
const fn every() -> Statement {
    Statement {
        columns: "c.aggregate_id AS path, c.reference, c.office, p.aggregate_id, p.sequence, p.kind, p.programme, p.fund, \
                  p.financing, p.tranche, p.instrument, p.budget_line, p.method, p.occurred_on, p.amount, p.interest, \
                  p.credit, p.payment_reference, p.reference_form, p.reversed_on, p.reversal_sequence, \
                  p.reversal_ground, p.reversal_reference, p.reversal_form, r.occurred_on AS reconciled_on, \
                  r.statement, r.statement_line, b.occurred_on AS reversal_reconciled_on, \
                  b.statement AS reversal_statement, b.statement_line AS reversal_statement_line",
        from: "payments AS p LEFT JOIN case_status AS c ON c.aggregate_id = p.aggregate_id \
               LEFT JOIN reconciliations AS r ON r.fund = p.fund AND r.reference_form = p.reference_form \
               AND r.until_position IS NULL \
               LEFT JOIN reconciliations AS b ON b.fund = p.fund AND b.reference_form = p.reversal_form \
               AND b.until_position IS NULL",
        ordered: "p",
        order: &["occurred_on", "aggregate_id", "sequence"],
        descending: true,
        conditions: Vec::new(),
        walks: Vec::new(),
        after: None,
        limit: 0,
    }
}

fn conditions(question: &PaymentQuestion<'_>) -> Vec<Condition> {
    let mut conditions = vec![Condition::plain("p.until_position IS NULL")];
    let wanted = [
        ("p.programme = ?", question.programme.map(|id| id.to_string())),
        ("p.fund = ?", question.fund.map(|id| id.to_string())),
        ("p.kind = ?", question.kind.map(str::to_owned)),
    ];
    let given = wanted.into_iter().filter_map(|(text, value)| Some((text, value?)));
    conditions.extend(given.map(|(text, value)| Condition::of(text, [value.into()])));
    for (text, day) in [("p.occurred_on >= ?", question.from), ("p.occurred_on <= ?", question.to)]
    {
        conditions.extend(day.map(|day| Condition::of(text, [day.into()])));
    }
    let whether = [("p.reversed_on", question.reversed), ("r.occurred_on", question.reconciled)];
    for (column, is_so) in whether {
        let null = |is_so| if is_so { "IS NOT NULL" } else { "IS NULL" };
        conditions
            .extend(is_so.map(|is_so| Condition::plain(&format!("{column} {}", null(is_so)))));
    }
    // An overhead is nobody's payment, and a donor sees neither.
    conditions.extend(match question.reach {
        Reach::Funds(_) => Some(Condition::never()),
        reach => within(reach).map(|reached| reached.within("(p.financing IS NULL OR ")),
    });
    conditions
}
