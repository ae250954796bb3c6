//! How a financing moves from one state to the next.

use super::beyond::Cancellation;
use super::facts::{Approval, FinancingCase, FinancingNumber, FinancingRefusal};
use super::loan::Loan;
use super::state::{Award, FinancingState, RequestedFinancing};
use crate::path::any::status::Reason;
use crate::path::state::{Signed, State};
use crate::values::Xof;

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
                    refunds: Vec::new(),
                    recovered: Vec::new(),
                    calls: Vec::new(),
                    released_on: None,
                    reversed: Vec::new(),
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
                let called: Xof = award.calls.iter().map(|call| call.amount).sum();
                award.amount = award.paid.iter().map(|paid| paid.amount).sum::<Xof>().plus(called);
                award.tranches.retain(|tranche| paid.contains(&tranche.tranche));
                Self::CutShort(asked, award, signed.clone())
            }
            refused => refused,
        }
    }

    /// After a tranche was undone: what was refused was the rest, so that the tranche waits again, to be
    /// paid or given up.
    pub(super) fn payable_again(self) -> Self {
        match self {
            Self::CutShort(asked, award, _) => Self::Approved(asked, award),
            other => other,
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
        budget_line: case.budget_line.clone(),
        co_finances: case.co_finances,
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

/// A financing that is cancelled is given up whole: nothing of it was paid.
pub(in crate::path) fn fold_cancellation(
    state: &mut State,
    signed: &Signed,
    cancellation: &Cancellation,
) {
    state.change_financing(cancellation.financing, |financing| financing.refuse(signed));
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
