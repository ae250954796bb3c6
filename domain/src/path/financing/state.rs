//! A financing from its request on: each state holds what is known in it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::facts::{
    Approval, FinancingCase, FinancingNumber, FinancingRefusal, Instalment, Tranche,
};
use super::loan::{Loan, PaidBack};
use crate::path::any::status::Reason;
use crate::path::declare::parts;
use crate::path::state::{Signed, State};
use crate::reference::Instrument;
use crate::values::{FundId, Text, Xof};

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
        payment_reference: Text<60>,
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
}

/// A financing, from request to last repayment.
///
/// It is written and read as one flat record whose fields are those of its states, so that a reader
/// who asks for one field need not know the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Principal paid back since the schedule in force was set.
    #[must_use]
    pub fn repaid_since_schedule(&self) -> Xof {
        self.loan().map_or(Xof::ZERO, |loan| loan.repaid_since_schedule)
    }

    /// The sum of all that was paid out.
    #[must_use]
    pub fn disbursed(&self) -> Xof {
        self.paid().iter().map(|paid| paid.amount).sum()
    }
}

impl FinancingState {
    /// A first approval, or one that reduces it; nothing is approved again after a refusal.
    fn approve(self, signed: &Signed, approval: &Approval) -> Self {
        match self {
            Self::Requested(asked) | Self::Approved(asked, _) => {
                let award = Award {
                    approval: signed.clone(),
                    amount: approval.amount,
                    tranches: approval.tranches.clone(),
                    agreement_on: None,
                    paid: Vec::new(),
                    loan: (!approval.schedule.is_empty())
                        .then(|| Loan::of(approval.schedule.clone())),
                };
                Self::Approved(asked, award)
            }
            refused => refused,
        }
    }

    /// A request that is refused, or an approval whose unpaid rest is given up.
    fn refuse(self, signed: &Signed) -> Self {
        match self {
            Self::Requested(asked) => Self::Refused(asked, signed.clone()),
            Self::Approved(asked, mut award) => {
                let paid: Vec<u32> = award.paid.iter().map(|paid| paid.tranche).collect();
                award.amount = award.paid.iter().map(|paid| paid.amount).sum();
                award.tranches.retain(|tranche| paid.contains(&tranche.tranche));
                Self::CutShort(asked, award, signed.clone())
            }
            refused => refused,
        }
    }

    /// A change of what was approved; nothing where nothing was.
    pub(super) fn with_award(mut self, change: impl FnOnce(&mut Award)) -> Self {
        if let Self::Approved(_, award) | Self::CutShort(_, award, _) = &mut self {
            change(award);
        }
        self
    }
}

pub(in crate::path) fn fold_request(state: &mut State, signed: &Signed, case: &FinancingCase) {
    state.financings.push(FinancingState::Requested(RequestedFinancing {
        financing: case.financing,
        instrument: case.instrument,
        fund: case.fund,
        requested: case.amount,
        request: signed.clone(),
    }));
}

pub(in crate::path) fn fold_approval(state: &mut State, signed: &Signed, approval: &Approval) {
    state.change_financing(approval.financing, |financing| financing.approve(signed, approval));
}

pub(in crate::path) fn fold_refusal(
    state: &mut State,
    signed: &Signed,
    refusal: &FinancingRefusal,
) {
    state.change_financing(refusal.financing, |financing| financing.refuse(signed));
}

pub(in crate::path) fn fold_agreement(
    state: &mut State,
    signed: &Signed,
    number: &FinancingNumber,
) {
    state.change_financing(number.financing, |financing| {
        financing.with_award(|award| award.agreement_on = Some(signed.on))
    });
}

pub(in crate::path) fn fold_waiver(state: &mut State, signed: &Signed, _: &Reason) {
    state.financing_waived_on = Some(signed.on);
}
