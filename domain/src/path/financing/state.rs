//! A financing from its request on: each state holds what is known in it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::facts::{Instalment, Tranche};
use super::loan::{Loan, PaidBack};
use super::reversal::PaymentKind;
use crate::path::declare::parts;
use crate::path::state::Signed;
use crate::reference::Instrument;
use crate::values::{FundId, PaymentReference, Slug, Xof};

parts! {
    /// A tranche that was paid out.
    PaidTranche {
        /// Number of the tranche.
        tranche: u32,
        /// Day of the payment.
        on: NaiveDate,
        /// Amount paid: the whole of the tranche.
        amount: Xof,
        /// The payment's own reference.
        payment_reference: PaymentReference,
    }

    /// A refund, a recovery or a call of a guarantee.
    OtherPayment {
        /// Day of the payment.
        on: NaiveDate,
        /// Amount paid.
        amount: Xof,
        /// The payment's own reference.
        payment_reference: PaymentReference,
    }

    /// A payment that was undone.
    ReversedPayment {
        /// Day of the reversal.
        on: NaiveDate,
        /// Kind of the payment.
        kind: PaymentKind,
        /// Amount that was undone, with interest and credit.
        amount: Xof,
        /// Reference of the payment; it is not used again.
        payment_reference: PaymentReference,
        /// The reversal's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reversal_reference: Option<PaymentReference>,
    }
}

/// A financing as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedFinancing {
    /// Number within the path, from 1.
    pub financing: u32,
    /// Grant, kit, loan or guarantee.
    pub instrument: Instrument,
    /// The donor's envelope.
    pub fund: FundId,
    /// The amount asked for.
    pub requested: Xof,
    /// The budget line that it draws from, of a fund with lines.
    pub budget_line: Option<Slug>,
    /// The financing that it is for one need with.
    pub co_finances: Option<u32>,
    /// The day it was asked for, and by whom.
    pub request: Signed,
}

/// An approval, and all that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// The day of the last approval, and who approved.
    pub approval: Signed,
    /// Amount approved: the sum of the tranches.
    pub amount: Xof,
    /// Tranches approved, in the order of their numbers.
    pub tranches: Vec<Tranche>,
    /// Day the agreement was signed; none before.
    pub agreement_on: Option<NaiveDate>,
    /// Tranches paid, in the order of their recording.
    pub paid: Vec<PaidTranche>,
    /// The loan that is to be paid back; none for a grant, a kit or a guarantee.
    pub loan: Option<Loan>,
    /// Refunds: of a loan, of its credit to the person; of anything else, of what was not spent to the fund.
    pub refunds: Vec<OtherPayment>,
    /// Money that came in after a write-off or a call.
    pub recovered: Vec<OtherPayment>,
    /// Calls of a guarantee.
    pub calls: Vec<OtherPayment>,
    /// Day a guarantee was released; none while it is in force.
    pub released_on: Option<NaiveDate>,
    /// Payments that were undone, in the order of their reversals.
    pub reversed: Vec<ReversedPayment>,
}

/// A financing, from request to last repayment.
///
/// It is written and read as one flat record whose fields are those of its states, so that a reader
/// who asks for one field need not know the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "super::record::FinancingRecord", into = "super::record::FinancingRecord")]
pub enum FinancingState {
    /// A committee has not decided yet.
    Requested(RequestedFinancing),
    /// Approved, and perhaps signed, paid and paid back.
    Approved(RequestedFinancing, Award),
    /// Refused as it was asked for: no money was ever promised.
    Refused(RequestedFinancing, Signed),
    /// Approved, then refused for what was not paid out yet: the award is cut to what was.
    CutShort(RequestedFinancing, Award, Signed),
}

impl FinancingState {
    fn asked(&self) -> &RequestedFinancing {
        match self {
            Self::Requested(asked)
            | Self::Approved(asked, _)
            | Self::Refused(asked, _)
            | Self::CutShort(asked, ..) => asked,
        }
    }

    /// The approval; none before, and for a request that was refused.
    #[must_use]
    pub fn award(&self) -> Option<&Award> {
        match self {
            Self::Approved(_, award) | Self::CutShort(_, award, _) => Some(award),
            Self::Requested(_) | Self::Refused(..) => None,
        }
    }

    /// The loan to be paid back; none for what is no loan, or was never approved.
    #[must_use]
    pub fn loan(&self) -> Option<&Loan> {
        self.award().and_then(|award| award.loan.as_ref())
    }

    /// Number within the path, from 1.
    #[must_use]
    pub fn financing(&self) -> u32 {
        self.asked().financing
    }

    /// Grant, kit, loan or guarantee.
    #[must_use]
    pub fn instrument(&self) -> Instrument {
        self.asked().instrument
    }

    /// The donor's envelope.
    #[must_use]
    pub fn fund(&self) -> FundId {
        self.asked().fund
    }

    /// The budget line that it draws from; none of a fund without lines.
    #[must_use]
    pub fn budget_line(&self) -> Option<&Slug> {
        self.asked().budget_line.as_ref()
    }

    /// The financing that it is for one need with, from another fund.
    #[must_use]
    pub fn co_finances(&self) -> Option<u32> {
        self.asked().co_finances
    }

    /// The amount that counts against ceilings: nothing before an approval, what was paid once the rest was
    /// given up.
    #[must_use]
    pub fn granted(&self) -> Xof {
        if self.released_on().is_some() { self.paid_out() } else { self.approved() }
    }

    /// The amount that was asked for.
    #[must_use]
    pub fn requested(&self) -> Xof {
        self.asked().requested
    }

    /// The day it was asked for, and by whom.
    #[must_use]
    pub fn request(&self) -> &Signed {
        &self.asked().request
    }

    /// The day of the last approval, and who approved.
    #[must_use]
    pub fn approval(&self) -> Option<&Signed> {
        self.award().map(|award| &award.approval)
    }

    /// The day of the refusal, and who refused; what was paid out by then stays.
    #[must_use]
    pub fn refusal(&self) -> Option<&Signed> {
        match self {
            Self::Refused(_, refusal) | Self::CutShort(_, _, refusal) => Some(refusal),
            Self::Requested(_) | Self::Approved(..) => None,
        }
    }

    /// The amount approved: what was paid out, once the rest was refused; nothing before.
    #[must_use]
    pub fn approved(&self) -> Xof {
        self.award().map_or(Xof::ZERO, |award| award.amount)
    }

    /// The tranches approved, in the order of their numbers.
    #[must_use]
    pub fn tranches(&self) -> &[Tranche] {
        self.award().map_or(&[], |award| &award.tranches)
    }

    /// Repayment schedule in force; empty for what is no loan.
    #[must_use]
    pub fn schedule(&self) -> &[Instalment] {
        self.loan().map_or(&[], |loan| &loan.schedule)
    }

    /// Day the agreement was signed.
    #[must_use]
    pub fn agreement_on(&self) -> Option<NaiveDate> {
        self.award().and_then(|award| award.agreement_on)
    }

    /// Tranches paid out.
    #[must_use]
    pub fn paid(&self) -> &[PaidTranche] {
        self.award().map_or(&[], |award| &award.paid)
    }

    /// Repayments of a loan.
    #[must_use]
    pub fn repaid(&self) -> &[PaidBack] {
        self.loan().map_or(&[], |loan| &loan.repaid)
    }

    /// Day the loan was written off.
    #[must_use]
    pub fn written_off_on(&self) -> Option<NaiveDate> {
        self.loan().and_then(|loan| loan.written_off_on)
    }

    /// Number of times that the loan was rescheduled.
    #[must_use]
    pub fn reschedulings(&self) -> u32 {
        self.loan().map_or(0, |loan| loan.reschedulings)
    }

    /// The sum of all tranches that were paid out.
    #[must_use]
    pub fn disbursed(&self) -> Xof {
        self.paid().iter().map(|paid| paid.amount).sum()
    }

    /// Refunds that stand.
    #[must_use]
    pub fn refunds(&self) -> &[OtherPayment] {
        self.award().map_or(&[], |award| &award.refunds)
    }

    /// Recoveries that stand.
    #[must_use]
    pub fn recovered(&self) -> &[OtherPayment] {
        self.award().map_or(&[], |award| &award.recovered)
    }

    /// Calls of a guarantee that stand.
    #[must_use]
    pub fn calls(&self) -> &[OtherPayment] {
        self.award().map_or(&[], |award| &award.calls)
    }

    /// Payments that were undone.
    #[must_use]
    pub fn reversed(&self) -> &[ReversedPayment] {
        self.award().map_or(&[], |award| &award.reversed)
    }

    /// Day a guarantee was released.
    #[must_use]
    pub fn released_on(&self) -> Option<NaiveDate> {
        self.award().and_then(|award| award.released_on)
    }

    /// Tells whether it is a guarantee: it is called or released, and never paid to the person.
    #[must_use]
    pub fn is_guarantee(&self) -> bool {
        self.instrument().code() == "guarantee"
    }

    /// Tells whether a business may start on it: money was paid, or a guarantee is signed.
    #[must_use]
    pub fn lets_start(&self) -> bool {
        !self.paid().is_empty() || (self.is_guarantee() && self.agreement_on().is_some())
    }

    /// The sum of the refunds.
    #[must_use]
    pub fn refunded(&self) -> Xof {
        self.refunds().iter().map(|refund| refund.amount).sum()
    }

    /// The sum that a guarantee was called for.
    #[must_use]
    pub fn called(&self) -> Xof {
        self.calls().iter().map(|call| call.amount).sum()
    }

    /// All that the fund paid of what was approved: tranches, and calls of a guarantee.
    #[must_use]
    pub fn paid_out(&self) -> Xof {
        self.disbursed().plus(self.called())
    }

    /// All that came back of what the fund paid, without interest and credit.
    #[must_use]
    pub fn came_back(&self) -> Xof {
        let recovered: Xof = self.recovered().iter().map(|recovery| recovery.amount).sum();
        let back = self.loan().map_or_else(|| self.refunded(), Loan::principal_repaid);
        back.plus(recovered)
    }

    /// What may be refunded: the credit of a loan, or what was paid out of anything else.
    #[must_use]
    pub fn refundable(&self) -> Xof {
        if self.loan().is_some() { self.credit() } else { self.disbursed().less(self.refunded()) }
    }

    /// The day since which something is lost that may be recovered: that of the write-off or of the first
    /// call.
    #[must_use]
    pub fn lost_since(&self) -> Option<NaiveDate> {
        let called = self.calls().iter().map(|call| call.on).min();
        self.written_off_on().or(called)
    }

    /// What was given up by a write-off or paid on a call, and is not back.
    #[must_use]
    pub fn lost(&self) -> Xof {
        let lost = if self.written_off_on().is_some() { self.paid_out() } else { self.called() };
        lost.less(self.came_back())
    }

    /// Every reference that a payment or a reversal of it has used.
    pub fn references(&self) -> impl Iterator<Item = &PaymentReference> {
        let others = self.refunds().iter().chain(self.recovered()).chain(self.calls());
        let reversed = self.reversed().iter().flat_map(|reversed| {
            [Some(&reversed.payment_reference), reversed.reversal_reference.as_ref()]
        });
        let paid = self.paid().iter().map(|paid| &paid.payment_reference);
        let repaid = self.repaid().iter().map(|back| &back.payment_reference);
        paid.chain(repaid)
            .chain(others.map(|other| &other.payment_reference))
            .chain(reversed.flatten())
    }
}
