//! Whether a command has happened already: a retry is an answer, not an error.

use sira_numbers::Sequence;

use super::Beneficiary;
use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::facts::{Approval, FinancingCase, Grievance, Plan, Referral, Registration};

/// Tells whether the same fact of the same day stands already: a retry. Where facts replace one another
/// (a status, an adviser, a decision) only the last one counts; elsewhere any one does.
pub(super) fn already_happened(path: &Beneficiary, event: &BeneficiaryEvent) -> bool {
    if let Fact::Retracted(retraction) = &event.fact {
        return path.is_retracted(retraction.sequence);
    }
    if let (Fact::PersonalDataErased(_), true) = (&event.fact, path.state().is_erased()) {
        return true;
    }
    let succession = |fact: &Fact| fact.kind().admission().succession;
    let own = succession(&event.fact);
    for (sequence, past) in path.standing().rev() {
        if succession(&past.fact) != own || is_of_another(&past.fact, &event.fact) {
            continue;
        }
        if past.occurred_on == event.occurred_on && is_same(&past.fact, &event.fact) {
            // What was undone since has to be refused or done anew, not taken as done.
            return !is_undone(path, sequence);
        }
        if own.is_some() {
            return false;
        }
    }
    false
}

fn is_undone(path: &Beneficiary, payment: Sequence) -> bool {
    path.standing().any(|(_, event)| match &event.fact {
        Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal) => {
            reversal.sequence == payment
        }
        _ => false,
    })
}

/// Tells whether two facts of one succession speak of two different things, so that neither replaces the
/// other.
fn is_of_another(past: &Fact, asked: &Fact) -> bool {
    let other = |fact: &Fact| match fact {
        Fact::DuplicateDismissed(pair) | Fact::DuplicateReconsidered(pair) => Some(pair.other),
        _ => None,
    };
    let number = |fact: &Fact| match fact {
        Fact::FinancingApproved(Approval { financing, .. }) => Some(*financing),
        Fact::FinancingRefused(refusal) => Some(refusal.financing),
        Fact::FinancingCancelled(cancellation) => Some(cancellation.financing),
        _ => None,
    };
    number(past) != number(asked) || other(past) != other(asked)
}

/// Tells whether two facts say the same, whatever number or reference the server gave them.
fn is_same(past: &Fact, asked: &Fact) -> bool {
    match (past, asked) {
        (Fact::Registered(past), Fact::Registered(asked)) => {
            *past == Registration { reference: past.reference, ..asked.clone() }
        }
        (Fact::BusinessPlanSubmitted(past), Fact::BusinessPlanSubmitted(asked)) => {
            *past == Plan { plan: past.plan, ..asked.clone() }
        }
        (Fact::FinancingRequested(past), Fact::FinancingRequested(asked)) => {
            *past == FinancingCase { financing: past.financing, ..asked.clone() }
        }
        (Fact::GrievanceLodged(past), Fact::GrievanceLodged(asked)) => {
            *past == Grievance { grievance: past.grievance, ..asked.clone() }
        }
        (Fact::ReferredToPartner(past), Fact::ReferredToPartner(asked)) => {
            *past == Referral { referral: past.referral, ..asked.clone() }
        }
        _ => past == asked,
    }
}
