//! What a decision on a path moves in a fund.

use super::event::{Commitment, FundEvent, FundFact, Movement, Outlay, Return, Undoing};
use crate::path::facts::{RefundOf, Reversal};
use crate::path::{BeneficiaryEvent, Fact, FinancingState, State};
use crate::values::{BeneficiaryId, FundId, PaymentReference, Xof};

/// The fund that a request for financing names: it must be there, and of the path's programme.
#[must_use]
pub fn named_fund(event: &BeneficiaryEvent) -> Option<FundId> {
    match &event.fact {
        Fact::FinancingRequested(request) => Some(request.fund),
        _ => None,
    }
}

/// The fund's own event for an event of a path, to be appended with it; `before` is the path before
/// that event. None when no money moves.
#[must_use]
pub fn of_path(
    before: &State,
    event: &BeneficiaryEvent,
    path: BeneficiaryId,
) -> Option<(FundId, FundEvent)> {
    let financing = before.financing(number(&event.fact)?)?;
    let fact = fact(financing, &event.fact, path)?;
    let event = FundEvent { occurred_on: event.occurred_on, by: event.by.clone(), fact };
    Some((financing.fund(), event))
}

fn number(fact: &Fact) -> Option<u32> {
    match fact {
        Fact::FinancingApproved(approval) => Some(approval.financing),
        Fact::FinancingRefused(refusal) => Some(refusal.financing),
        Fact::DisbursementRecorded(payment) => Some(payment.financing),
        Fact::RepaymentRecorded(payment) => Some(payment.financing),
        Fact::RefundRecorded(refund) => Some(refund.financing),
        Fact::RecoveryRecorded(recovery) => Some(recovery.financing),
        Fact::GuaranteeCalled(call) => Some(call.financing),
        Fact::GuaranteeReleased(number) => Some(number.financing),
        Fact::FinancingCancelled(cancellation) => Some(cancellation.financing),
        Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal) => {
            Some(reversal.financing)
        }
        _ => None,
    }
}

fn fact(before: &FinancingState, fact: &Fact, beneficiary: BeneficiaryId) -> Option<FundFact> {
    let financing = before.financing();
    let of =
        |amount| Commitment { beneficiary, financing, amount, budget_line: None, instrument: None };
    let moved = |amount: Xof, reference: &PaymentReference| Movement {
        beneficiary,
        financing,
        amount,
        payment_reference: reference.clone(),
    };
    let released = |amount: Xof| (amount > Xof::ZERO).then(|| FundFact::Released(of(amount)));
    match fact {
        Fact::FinancingApproved(approval) if before.award().is_none() => {
            let budget_line = before.budget_line().cloned();
            let instrument = budget_line.is_some().then(|| before.instrument());
            let commitment = Commitment { budget_line, instrument, ..of(approval.amount) };
            Some(FundFact::Committed(commitment))
        }
        // A second approval reduces the first.
        Fact::FinancingApproved(approval) => released(before.approved().less(approval.amount)),
        Fact::FinancingRefused(_) | Fact::FinancingCancelled(_) | Fact::GuaranteeReleased(_) => {
            released(before.approved().less(before.paid_out()))
        }
        Fact::DisbursementRecorded(payment) => Some(FundFact::Disbursed(Outlay {
            beneficiary,
            financing,
            tranche: payment.tranche,
            amount: payment.amount,
            payment_reference: payment.payment_reference.clone(),
        })),
        Fact::RepaymentRecorded(payment) => Some(FundFact::Repaid(Return {
            beneficiary,
            financing,
            principal: payment.principal,
            interest: payment.interest,
            credit: payment.credit,
            payment_reference: payment.payment_reference.clone(),
        })),
        Fact::RefundRecorded(refund) => {
            let moved = moved(refund.amount, &refund.payment_reference);
            Some(match refund.of {
                RefundOf::Unspent => FundFact::Refunded(moved),
                RefundOf::Credit => FundFact::CreditRefunded(moved),
            })
        }
        Fact::RecoveryRecorded(recovery) => {
            Some(FundFact::Recovered(moved(recovery.amount, &recovery.payment_reference)))
        }
        Fact::GuaranteeCalled(call) => {
            Some(FundFact::Called(moved(call.amount, &call.payment_reference)))
        }
        Fact::DisbursementReversed(reversal) => {
            Some(FundFact::OutlayReversed(undoing(beneficiary, reversal)))
        }
        Fact::RepaymentReversed(reversal) => {
            Some(FundFact::ReturnReversed(undoing(beneficiary, reversal)))
        }
        _ => None,
    }
}

fn undoing(beneficiary: BeneficiaryId, reversal: &Reversal) -> Undoing {
    Undoing {
        beneficiary,
        financing: reversal.financing,
        kind: reversal.kind,
        tranche: reversal.tranche,
        amount: reversal.amount,
        interest: reversal.interest,
        credit: reversal.credit,
        undone_reference: reversal.undone_reference.clone(),
        payment_reference: reversal.payment_reference.clone(),
    }
}
