//! What a decision on a path moves in a fund.

use super::event::{Commitment, FundEvent, FundFact, Outlay, Return};
use crate::path::{BeneficiaryEvent, Fact, FinancingState, State};
use crate::values::{BeneficiaryId, FundId, Xof};

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
        _ => None,
    }
}

fn fact(before: &FinancingState, fact: &Fact, beneficiary: BeneficiaryId) -> Option<FundFact> {
    let financing = before.financing();
    let of = |amount| Commitment { beneficiary, financing, amount };
    let released = |amount: Xof| (amount > Xof::ZERO).then(|| FundFact::Released(of(amount)));
    match fact {
        Fact::FinancingApproved(approval) if before.award().is_none() => {
            Some(FundFact::Committed(of(approval.amount)))
        }
        // A second approval reduces the first.
        Fact::FinancingApproved(approval) => released(before.approved().less(approval.amount)),
        Fact::FinancingRefused(_) => released(before.approved().less(before.disbursed())),
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
            payment_reference: payment.payment_reference.clone(),
        })),
        _ => None,
    }
}
