//! Costs of the fund itself: paid from a line of overheads, and undone when they bounced.

use rpds::HashTrieMapSync;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fund;
use super::command::{at_most, fresh};
use super::lines::overhead_line;
use crate::reference::ReversalGround;
use crate::refusal::{Amount, Duty, Item, Refusal};
use crate::values::{ActorId, PaymentReference, Slug, Text, Xof};

/// A cost of the fund itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overhead {
    /// The line of overheads that it is paid from.
    pub line: Slug,
    /// Amount paid.
    pub amount: Xof,
    /// The payment's own reference, used once in a fund.
    pub payment_reference: PaymentReference,
    /// What was paid for; it names nobody.
    pub what: Text<200>,
}

/// Asks to undo a cost that bounced or was recorded wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverheadReversalRequest {
    /// Reference of the payment that is undone.
    pub undone_reference: PaymentReference,
    /// Reason, from its list.
    pub ground: ReversalGround,
    /// The reversal's own reference, when the operator or the bank gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<PaymentReference>,
}

/// A cost that is undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverheadReversal {
    /// The line that it was paid from.
    pub line: Slug,
    /// Amount that is undone.
    pub amount: Xof,
    /// Reference of the payment that is undone; it is not used again.
    pub undone_reference: PaymentReference,
    /// Reason, from its list.
    pub ground: ReversalGround,
    /// The reversal's own reference, used once in the fund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_reference: Option<PaymentReference>,
}

/// A cost as it was paid, and what undid it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidOverhead {
    /// The cost.
    pub overhead: Overhead,
    /// Who recorded it.
    pub by: ActorId,
    /// The day on which it was paid.
    pub on: chrono::NaiveDate,
    /// What undid it; none while it stands.
    pub reversal: Option<OverheadReversal>,
}

/// The costs of a fund, by the references of their payments.
pub type PaidOverheads = HashTrieMapSync<PaymentReference, PaidOverhead>;

/// A cost is paid from a line of overheads, within what the line has left.
pub(super) fn check(fund: &Fund, overhead: &Overhead) -> Result<(), Refusal> {
    let line = overhead_line(fund, &overhead.line)?;
    fresh(fund, &overhead.payment_reference)?;
    let given = overhead.amount;
    if given == Xof::ZERO {
        return Err(Refusal::OtherAmount { what: Amount::Overhead, expected: Xof::of(1), given });
    }
    at_most(Amount::LineBalance, line.free(), given)
}

/// The reversal that a command asks for, of the cost as it was paid.
pub(super) fn undo(
    fund: &Fund,
    request: OverheadReversalRequest,
) -> Result<OverheadReversal, Refusal> {
    let OverheadReversalRequest { undone_reference, ground, payment_reference } = request;
    let paid = find(fund, &undone_reference)?;
    let Overhead { line, amount, .. } = paid.overhead.clone();
    Ok(OverheadReversal { line, amount, undone_reference, ground, payment_reference })
}

fn find<'a>(fund: &'a Fund, reference: &PaymentReference) -> Result<&'a PaidOverhead, Refusal> {
    let (item, name) = (Item::PaymentOfFund, reference.to_string());
    let unknown = Refusal::Unknown { item, name, field: "undone_reference" };
    fund.overheads_paid.get(reference).ok_or(unknown)
}

/// A cost is undone once, as it was paid, and by somebody else than who recorded it.
pub(super) fn check_reversal(
    fund: &Fund,
    reversal: &OverheadReversal,
    by: &ActorId,
    on: chrono::NaiveDate,
) -> Result<(), Refusal> {
    let paid = find(fund, &reversal.undone_reference)?;
    if paid.reversal.is_some() {
        let (item, name) = (Item::Payment, reversal.undone_reference.to_string());
        return Err(Refusal::Settled { item, name });
    }
    if (&paid.overhead.line, paid.overhead.amount) != (&reversal.line, reversal.amount) {
        return Err(Refusal::Disagree { field: "kind", other: "payment" });
    }
    if *by == paid.by {
        let (duty, other) = (Duty::Reverser, Duty::Recorder);
        return Err(Refusal::SameActor { actor: by.clone(), duty, other });
    }
    if on < paid.on {
        let field = "occurred_on";
        return Err(Refusal::TooEarly { field, given: on, earliest: paid.on });
    }
    match &reversal.payment_reference {
        Some(reference) => fresh(fund, reference),
        None => Ok(()),
    }
}
