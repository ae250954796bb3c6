//! Money beyond the loan's own way: refunds, recoveries after a write-off, guarantees called and released,
//! and a financing that is cancelled before anything was paid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facts::FinancingNumber;
use super::payment::{check_fresh, check_ground};
use super::reversal::PaymentKind;
use super::rules::{check_some, named, one_open, settled};
use super::state::{Award, FinancingState, OtherPayment};
use crate::path::case::Case;
use crate::path::declare::bodies;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::{CancellationGround, PaymentMethod};
use crate::refusal::{Amount, Refusal, Step};
use crate::values::{PaymentReference, Sealed, Xof};

/// What is refunded.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RefundOf {
    /// An unspent grant or kit, by the person to the fund.
    Unspent,
    /// The credit balance of a loan, by the fund to the person.
    Credit,
}

impl RefundOf {
    /// The kind of payment that it is.
    #[must_use]
    pub const fn kind(self) -> PaymentKind {
        match self {
            Self::Unspent => PaymentKind::UnspentRefund,
            Self::Credit => PaymentKind::CreditRefund,
        }
    }
}

bodies! {
    /// Asks to record a refund: of an unspent grant or kit to the fund, or of a loan's credit to the person.
    RefundRequest {
        /// Number of the financing.
        financing: u32,
        /// Amount refunded.
        amount: Xof,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: PaymentReference,
    }

    /// A refund.
    Refund {
        /// Number of the financing.
        financing: u32,
        /// What is refunded.
        of: RefundOf,
        /// Amount refunded.
        amount: Xof,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: PaymentReference,
    }

    /// Money that came in after the loan was written off, or the guarantee called.
    Recovery {
        /// Number of the financing.
        financing: u32,
        /// Amount recovered, of what was given up.
        amount: Xof,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: PaymentReference,
    }

    /// A guarantee that the lender calls: the fund pays what the borrower did not.
    GuaranteeCall {
        /// Number of the financing.
        financing: u32,
        /// Amount paid to the lender.
        amount: Xof,
        /// Method by which it was paid.
        method: PaymentMethod,
        /// The payment's own reference, used once in a fund.
        payment_reference: PaymentReference,
    }

    /// A financing that is given up before anything of it was paid.
    Cancellation {
        /// Number of the financing.
        financing: u32,
        /// Reason, from its list; it outlives an erasure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<CancellationGround>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}

fn at_most(what: Amount, limit: Xof, given: Xof) -> Result<(), Refusal> {
    check_some(what, given)?;
    if given <= limit { Ok(()) } else { Err(Refusal::TooMuch { what, limit, given }) }
}

/// The day of the latest payment out, which nothing that comes back precedes.
fn check_after_payment(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    match financing.paid().iter().map(|paid| paid.on).min() {
        Some(first) => case.not_before(first),
        None => Ok(()),
    }
}

/// Says what is refunded: of a loan its credit, of anything else what was not spent.
pub(in crate::path) fn refund(asked: &Asked, request: RefundRequest) -> Refund {
    let state = asked.path.state();
    let is_loan = state.financing(request.financing).is_some_and(|one| one.loan().is_some());
    let RefundRequest { financing, amount, method, payment_reference } = request;
    let of = if is_loan { RefundOf::Credit } else { RefundOf::Unspent };
    Refund { financing, of, amount, method, payment_reference }
}

/// There is something that can be refunded.
pub(in crate::path) fn one_to_refund(case: &Case) -> Result<(), Refusal> {
    one_open(case, |_, financing| check_refundable(financing))
}

fn check_refundable(financing: &FinancingState) -> Result<(), Refusal> {
    if financing.refundable() > Xof::ZERO { Ok(()) } else { Err(settled(financing)) }
}

/// A refund is of at most what was paid out and not refunded, or of the credit.
pub(in crate::path) fn check_refund(case: &Case, refund: &Refund) -> Result<(), Refusal> {
    let financing = named(case, refund.financing)?;
    check_refundable(financing)?;
    if (refund.of == RefundOf::Credit) != financing.loan().is_some() {
        return Err(Refusal::Disagree { field: "of", other: "instrument" });
    }
    check_after_payment(case, financing)?;
    at_most(Amount::Refund, financing.refundable(), refund.amount)?;
    check_fresh(case, &refund.payment_reference)
}

/// A loan was written off, or a guarantee called, and not all of it is back.
pub(in crate::path) fn one_to_recover(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_recoverable)
}

fn check_recoverable(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    let Some(since) = financing.lost_since() else {
        return Err(Refusal::MissingStep { step: Step::WriteOff });
    };
    if financing.lost() == Xof::ZERO {
        return Err(settled(financing));
    }
    case.not_before(since)
}

/// A recovery is of at most what was given up and is not back.
pub(in crate::path) fn check_recovery(case: &Case, recovery: &Recovery) -> Result<(), Refusal> {
    let financing = named(case, recovery.financing)?;
    check_recoverable(case, financing)?;
    at_most(Amount::Lost, financing.lost(), recovery.amount)?;
    check_fresh(case, &recovery.payment_reference)
}

/// A guarantee is in force.
pub(in crate::path) fn one_guaranteed(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_guaranteed)
}

fn check_guaranteed(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    match financing {
        FinancingState::Requested(_) => Err(Refusal::MissingStep { step: Step::Agreement }),
        FinancingState::Approved(_, award)
            if financing.is_guarantee() && award.released_on.is_none() && award.paid.is_empty() =>
        {
            let signed = award.agreement_on;
            case.not_before(signed.ok_or(Refusal::MissingStep { step: Step::Agreement })?)
        }
        _ => Err(settled(financing)),
    }
}

/// A call is of at most what is guaranteed and was not called before.
pub(in crate::path) fn check_call(case: &Case, call: &GuaranteeCall) -> Result<(), Refusal> {
    let financing = named(case, call.financing)?;
    check_guaranteed(case, financing)?;
    let left = financing.approved().less(financing.called());
    at_most(Amount::Guaranteed, left, call.amount)?;
    check_fresh(case, &call.payment_reference)
}

/// A guarantee is released once, on the day of its last call at the earliest.
pub(in crate::path) fn check_release(case: &Case, number: &FinancingNumber) -> Result<(), Refusal> {
    let financing = named(case, number.financing)?;
    check_guaranteed(case, financing)?;
    match financing.calls().iter().map(|call| call.on).max() {
        Some(last) => case.not_before(last),
        None => Ok(()),
    }
}

/// A financing is approved and nothing of it is paid.
pub(in crate::path) fn one_to_cancel(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_to_cancel)
}

fn check_to_cancel(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    match financing {
        FinancingState::Requested(_) => Err(Refusal::MissingStep { step: Step::Approval }),
        FinancingState::Approved(_, award) if award.released_on.is_none() => {
            let given = financing.paid_out();
            if given > Xof::ZERO {
                let (what, limit) = (Amount::AlreadyPaid, Xof::ZERO);
                return Err(Refusal::TooMuch { what, limit, given });
            }
            case.not_before(award.approval.on)
        }
        _ => Err(settled(financing)),
    }
}

/// A cancellation is of an approved financing of which nothing is paid, and says why.
pub(in crate::path) fn check_cancellation(
    case: &Case,
    cancellation: &Cancellation,
) -> Result<(), Refusal> {
    check_to_cancel(case, named(case, cancellation.financing)?)?;
    check_ground(cancellation.ground.is_some(), cancellation.reason.is_some())
}

impl Award {
    pub(super) fn others(&self, kind: PaymentKind) -> &[OtherPayment] {
        match kind {
            PaymentKind::UnspentRefund | PaymentKind::CreditRefund => &self.refunds,
            PaymentKind::Recovery => &self.recovered,
            PaymentKind::GuaranteeCall => &self.calls,
            PaymentKind::Disbursement | PaymentKind::Repayment => &[],
        }
    }

    pub(super) fn others_mut(&mut self, kind: PaymentKind) -> &mut Vec<OtherPayment> {
        match kind {
            PaymentKind::Recovery => &mut self.recovered,
            PaymentKind::GuaranteeCall => &mut self.calls,
            _ => &mut self.refunds,
        }
    }
}

fn fold_other(
    state: &mut State,
    signed: &Signed,
    financing: u32,
    kind: PaymentKind,
    (amount, reference): (Xof, &PaymentReference),
) {
    let payment = OtherPayment { on: signed.on, amount, payment_reference: reference.clone() };
    state.change_financing(financing, |financing| {
        financing.with_award(|award| award.others_mut(kind).push(payment))
    });
}

pub(in crate::path) fn fold_refund(state: &mut State, signed: &Signed, refund: &Refund) {
    let payment = (refund.amount, &refund.payment_reference);
    fold_other(state, signed, refund.financing, refund.of.kind(), payment);
}

pub(in crate::path) fn fold_recovery(state: &mut State, signed: &Signed, recovery: &Recovery) {
    let payment = (recovery.amount, &recovery.payment_reference);
    fold_other(state, signed, recovery.financing, PaymentKind::Recovery, payment);
}

pub(in crate::path) fn fold_call(state: &mut State, signed: &Signed, call: &GuaranteeCall) {
    let payment = (call.amount, &call.payment_reference);
    fold_other(state, signed, call.financing, PaymentKind::GuaranteeCall, payment);
}

pub(in crate::path) fn fold_release(state: &mut State, signed: &Signed, number: &FinancingNumber) {
    state.change_financing(number.financing, |financing| {
        financing.with_award(|award| award.released_on = Some(signed.on))
    });
}
