//! A payment that bounced, went to the wrong person, or was recorded wrongly: it is undone by a fact of
//! its own, in the path and in the fund, and stays in the history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::Sequence;

use super::payment::{check_fresh, check_ground};
use super::rules::{named, settled};
use super::state::{Award, FinancingState, ReversedPayment};
use crate::context::Context;
use crate::path::Beneficiary;
use crate::path::case::Case;
use crate::path::declare::bodies;
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::ReversalGround;
use crate::refusal::{Amount, Duty, Item, Refusal};
use crate::values::{PaymentReference, Sealed, Xof};

/// A kind of payment.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
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
}

bodies! {
    /// Asks to undo a payment.
    ReversalRequest {
        /// Sequence of the payment's event in this stream.
        sequence: Sequence,
        /// Reason, from its list; it outlives an erasure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<ReversalGround>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
        /// The reversal's own reference, when the operator or the bank gives one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_reference: Option<PaymentReference>,
    }

    /// A payment that is undone, with all that it had moved.
    Reversal {
        /// Sequence of the payment's event in this stream.
        sequence: Sequence,
        /// Number of the financing.
        financing: u32,
        /// Kind of the payment that is undone.
        kind: PaymentKind,
        /// Number of the tranche that is undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tranche: Option<u32>,
        /// Amount that is undone; of a repayment, its principal.
        amount: Xof,
        /// Interest that is undone.
        interest: Xof,
        /// Credit that is undone.
        credit: Xof,
        /// Reference of the payment that is undone; it is not used again.
        undone_reference: PaymentReference,
        /// Reason, from its list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ground: Option<ReversalGround>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
        /// The reversal's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_reference: Option<PaymentReference>,
    }
}

impl PaymentKind {
    /// Tells whether the money went out of the fund.
    #[must_use]
    pub const fn is_outgoing(self) -> bool {
        matches!(self, Self::Disbursement | Self::GuaranteeCall | Self::CreditRefund)
    }

    /// Its word, as it is stored and listed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disbursement => "disbursement",
            Self::GuaranteeCall => "guarantee_call",
            Self::CreditRefund => "credit_refund",
            Self::Repayment => "repayment",
            Self::Recovery => "recovery",
            Self::UnspentRefund => "unspent_refund",
        }
    }
}

/// The reversal of the payment that a fact records, without a reason; none for a fact that moves no money.
fn reversal_of(sequence: Sequence, fact: &Fact) -> Option<Reversal> {
    let of = |financing, kind, amount, reference: &PaymentReference| Reversal {
        sequence,
        financing,
        kind,
        tranche: None,
        amount,
        interest: Xof::ZERO,
        credit: Xof::ZERO,
        undone_reference: reference.clone(),
        ground: None,
        reason: None,
        payment_reference: None,
    };
    Some(match fact {
        Fact::DisbursementRecorded(paid) => Reversal {
            tranche: Some(paid.tranche),
            ..of(paid.financing, PaymentKind::Disbursement, paid.amount, &paid.payment_reference)
        },
        Fact::RepaymentRecorded(back) => Reversal {
            interest: back.interest,
            credit: back.credit.unwrap_or_default(),
            ..of(back.financing, PaymentKind::Repayment, back.principal, &back.payment_reference)
        },
        Fact::RefundRecorded(refund) => {
            of(refund.financing, refund.of.kind(), refund.amount, &refund.payment_reference)
        }
        Fact::RecoveryRecorded(recovery) => {
            let reference = &recovery.payment_reference;
            of(recovery.financing, PaymentKind::Recovery, recovery.amount, reference)
        }
        Fact::GuaranteeCalled(call) => {
            let reference = &call.payment_reference;
            of(call.financing, PaymentKind::GuaranteeCall, call.amount, reference)
        }
        _ => return None,
    })
}

fn no_payment(sequence: Sequence) -> Refusal {
    Refusal::Unknown { item: Item::Payment, name: sequence.to_string(), field: "sequence" }
}

/// The reversal of the payment that stands at this sequence.
fn find(path: &Beneficiary, sequence: Sequence) -> Result<Reversal, Refusal> {
    let event = path.event(sequence);
    event.and_then(|event| reversal_of(sequence, &event.fact)).ok_or_else(|| no_payment(sequence))
}

/// Says what the payment had moved that is to be undone.
pub(in crate::path) fn undo(asked: &Asked, request: ReversalRequest) -> Result<Reversal, Refusal> {
    let ReversalRequest { sequence, ground, reason, payment_reference } = request;
    Ok(Reversal { ground, reason, payment_reference, ..find(asked.path, sequence)? })
}

/// Money went out that can be called back, or was: which payment it is about, the content's rule says.
pub(in crate::path) fn one_paid_out(case: &Case) -> Result<(), Refusal> {
    some_payment(case, |financing| {
        !financing.paid().is_empty()
            || !financing.calls().is_empty()
            || (financing.loan().is_some() && !financing.refunds().is_empty())
    })
}

/// Money came in that can turn out not to have.
pub(in crate::path) fn one_paid_in(case: &Case) -> Result<(), Refusal> {
    some_payment(case, |financing| {
        !financing.repaid().is_empty()
            || !financing.recovered().is_empty()
            || (financing.loan().is_none() && !financing.refunds().is_empty())
    })
}

fn some_payment(case: &Case, stands: impl Fn(&FinancingState) -> bool) -> Result<(), Refusal> {
    let was_undone = |financing: &FinancingState| !financing.reversed().is_empty();
    if case.state.financings.iter().any(|one| stands(one) || was_undone(one)) {
        return Ok(());
    }
    Err(Refusal::Unknown { item: Item::Payment, name: String::new(), field: "sequence" })
}

/// A payment out is undone once, and not where more came back than would be left paid out.
pub(in crate::path) fn check_outgoing(case: &Case, reversal: &Reversal) -> Result<(), Refusal> {
    if !reversal.kind.is_outgoing() {
        return Err(no_payment(reversal.sequence));
    }
    let financing = check_reversal(case, reversal)?;
    if reversal.kind != PaymentKind::Disbursement {
        return Ok(());
    }
    if financing.written_off_on().is_some() {
        return Err(settled(financing));
    }
    let (limit, given) = (financing.disbursed().less(financing.came_back()), reversal.amount);
    if given <= limit {
        return Ok(());
    }
    Err(Refusal::TooMuch { what: Amount::Reversed, limit, given })
}

/// A payment in is undone once, and not where its credit was refunded.
pub(in crate::path) fn check_incoming(case: &Case, reversal: &Reversal) -> Result<(), Refusal> {
    if reversal.kind.is_outgoing() {
        return Err(no_payment(reversal.sequence));
    }
    let financing = check_reversal(case, reversal)?;
    let (limit, given) = (financing.credit(), reversal.credit);
    if given <= limit {
        return Ok(());
    }
    Err(Refusal::TooMuch { what: Amount::ReversedCredit, limit, given })
}

fn check_reversal<'a>(case: &Case<'a>, reversal: &Reversal) -> Result<&'a FinancingState, Refusal> {
    let financing = named(case, reversal.financing)?;
    let standing = financing.award().and_then(|award| award.paid_on(reversal));
    let paid_on = standing.ok_or_else(|| {
        let name = reversal.sequence.to_string();
        Refusal::Settled { item: Item::Payment, name }
    })?;
    case.not_before(paid_on)?;
    check_ground(reversal.ground.is_some(), reversal.reason.is_some())?;
    if let Some(reference) = &reversal.payment_reference {
        check_fresh(case, reference)?;
    }
    Ok(financing)
}

/// Asks what only the whole stream knows: that the payment named is the one that is undone, and that
/// somebody else undoes it than who recorded it.
pub(in crate::path) fn check(
    path: &Beneficiary,
    reversal: &Reversal,
    context: &Context,
) -> Result<(), Refusal> {
    let named = find(path, reversal.sequence)?;
    let Reversal { ground, reason, payment_reference, .. } = reversal.clone();
    if *reversal != (Reversal { ground, reason, payment_reference, ..named }) {
        return Err(no_payment(reversal.sequence));
    }
    let recorder = path.event(reversal.sequence).map(|event| &event.by);
    if recorder == Some(&context.actor) {
        let (duty, other) = (Duty::Reverser, Duty::Recorder);
        return Err(Refusal::SameActor { actor: context.actor.clone(), duty, other });
    }
    Ok(())
}

impl Award {
    /// The day of the payment that a reversal is of, while it stands.
    fn paid_on(&self, reversal: &Reversal) -> Option<chrono::NaiveDate> {
        let is_it = |reference: &PaymentReference| *reference == reversal.undone_reference;
        let loan = self.loan.as_ref();
        match reversal.kind {
            PaymentKind::Disbursement => {
                let it = self.paid.iter().find(|paid| {
                    is_it(&paid.payment_reference) && Some(paid.tranche) == reversal.tranche
                });
                it.map(|paid| paid.on)
            }
            PaymentKind::Repayment => {
                let mut repaid = loan?.repaid.iter();
                repaid.find(|back| is_it(&back.payment_reference)).map(|back| back.on)
            }
            kind => {
                let mut others = self.others(kind).iter();
                others.find(|other| is_it(&other.payment_reference)).map(|other| other.on)
            }
        }
    }

    /// Takes the payment that a reversal is of out.
    fn undo(&mut self, signed: &Signed, reversal: &Reversal) {
        let is_it = |reference: &PaymentReference| *reference == reversal.undone_reference;
        match reversal.kind {
            PaymentKind::Disbursement => {
                self.paid.retain(|paid| !is_it(&paid.payment_reference));
            }
            PaymentKind::Repayment => {
                if let Some(loan) = &mut self.loan {
                    loan.repaid.retain(|back| !is_it(&back.payment_reference));
                }
            }
            kind => self.others_mut(kind).retain(|other| !is_it(&other.payment_reference)),
        }
        if reversal.kind == PaymentKind::GuaranteeCall {
            self.released_on = None;
        }
        self.reversed.push(ReversedPayment {
            on: signed.on,
            kind: reversal.kind,
            amount: reversal.amount.plus(reversal.interest).plus(reversal.credit),
            payment_reference: reversal.undone_reference.clone(),
            reversal_reference: reversal.payment_reference.clone(),
        });
    }
}

pub(in crate::path) fn fold_reversal(state: &mut State, signed: &Signed, reversal: &Reversal) {
    state.change_financing(reversal.financing, |financing| {
        let undone = financing.with_award(|award| award.undo(signed, reversal));
        if reversal.kind == PaymentKind::Disbursement { undone.payable_again() } else { undone }
    });
}
