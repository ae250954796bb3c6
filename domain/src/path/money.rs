//! The rules of financing, kept on events: what is asked for, approved, paid and paid back.

use super::facts::{
    Approval, Disbursement, FinancingCase, Instalment, PlanConclusion, Repayment, Rescheduling,
    Tranche, TrancheCondition, WriteOff,
};
use super::lawful::Case;
use super::state::FinancingState;
use crate::refusal::{Amount, Duty, Item, Refusal, Step, check_items};
use crate::values::Xof;

/// Most tranches of a financing.
const TRANCHES_MAX: usize = 20;
/// Most instalments of a loan: five years of months.
const INSTALMENTS_MAX: usize = 60;

fn find<'a>(case: &Case<'a>, financing: u32) -> Result<&'a FinancingState, Refusal> {
    case.state.financing(financing).ok_or_else(|| Refusal::Unknown {
        item: Item::Financing,
        name: financing.to_string(),
        field: "financing",
    })
}

fn settled(financing: &FinancingState) -> Refusal {
    Refusal::Settled { item: Item::Financing, name: financing.financing.to_string() }
}

/// A request within the ceiling, on a validated plan.
pub(super) fn request(case: &Case, request: &FinancingCase) -> Result<(), Refusal> {
    let validated = case.state.plan.as_ref().and_then(|plan| plan.conclusion)
        == Some(PlanConclusion::Validated);
    if !validated {
        return Err(Refusal::MissingStep { step: Step::ValidatedPlan });
    }
    let limit = case.rules.ceiling(request.instrument);
    if request.amount > limit {
        return Err(Refusal::TooMuch { what: Amount::Ceiling, limit, given: request.amount });
    }
    some_money(Amount::Requested, request.amount)?;
    let last = case.state.financings.last().map_or(0, |last| last.financing);
    Case::next_number(Item::Financing, last, request.financing)
}

fn some_money(what: Amount, given: Xof) -> Result<(), Refusal> {
    if given > Xof::ZERO {
        Ok(())
    } else {
        Err(Refusal::OtherAmount { what, expected: Xof::of(1), given })
    }
}

/// A financing that was not refused, whole or in part.
fn standing<'a>(case: &Case<'a>, financing: u32) -> Result<&'a FinancingState, Refusal> {
    let financing = find(case, financing)?;
    if financing.refusal.is_some() { Err(settled(financing)) } else { Ok(financing) }
}

/// A refusal of what is not paid out yet: all of a request, or what is left of an approval.
pub(super) fn refusal(case: &Case, financing: u32) -> Result<(), Refusal> {
    let financing = standing(case, financing)?;
    if financing.approval.is_some() && financing.approved <= financing.disbursed() {
        return Err(settled(financing));
    }
    Ok(())
}

/// A second approval reduces the first, before anything was signed or paid.
fn check_reduction(financing: &FinancingState, amount: Xof) -> Result<(), Refusal> {
    if financing.approval.is_none() {
        return Ok(());
    }
    if financing.agreement_on.is_some() || !financing.paid.is_empty() {
        return Err(settled(financing));
    }
    if amount < financing.approved {
        return Ok(());
    }
    Err(Refusal::TooMuch {
        what: Amount::Approved,
        limit: financing.approved.less(Xof::of(1)),
        given: amount,
    })
}

/// An approval by another person than the requester, at most what was asked for, in tranches that
/// add up.
pub(super) fn approval(case: &Case, approval: &Approval) -> Result<(), Refusal> {
    let financing = standing(case, approval.financing)?;
    check_reduction(financing, approval.amount)?;
    case.other_than(&financing.request.by, Duty::Approver, Duty::Requester)?;
    if approval.amount > financing.requested {
        let (limit, given) = (financing.requested, approval.amount);
        return Err(Refusal::TooMuch { what: Amount::Requested, limit, given });
    }
    some_money(Amount::Approved, approval.amount)?;
    check_tranches(&approval.tranches, approval.amount)?;
    if financing.instrument.code() == "loan" {
        check_schedule(&approval.schedule, approval.amount)
    } else if approval.schedule.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Disagree { field: "schedule", other: "instrument" })
    }
}

fn check_tranches(tranches: &[Tranche], amount: Xof) -> Result<(), Refusal> {
    check_items(tranches.len(), TRANCHES_MAX)?;
    for (expected, tranche) in (1..).zip(tranches) {
        if tranche.tranche != expected {
            return Err(Refusal::Disagree { field: "tranches", other: "tranche" });
        }
        some_money(Amount::Tranche, tranche.amount)?;
    }
    let sum: Xof = tranches.iter().map(|tranche| tranche.amount).sum();
    if sum == amount {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::Tranches, expected: amount, given: sum })
}

fn check_schedule(schedule: &[Instalment], principal: Xof) -> Result<(), Refusal> {
    check_items(schedule.len(), INSTALMENTS_MAX)?;
    if !schedule.is_sorted_by(|earlier, later| earlier.due_on < later.due_on) {
        return Err(Refusal::Disagree { field: "schedule", other: "due_on" });
    }
    let sum: Xof = schedule.iter().map(|instalment| instalment.principal).sum();
    if sum == principal {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::Schedule, expected: principal, given: sum })
}

/// A signature on an approved financing, once.
pub(super) fn agreement(case: &Case, financing: u32) -> Result<(), Refusal> {
    let financing = standing(case, financing)?;
    let approval =
        financing.approval.as_ref().ok_or(Refusal::MissingStep { step: Step::Financing })?;
    if financing.agreement_on.is_some() {
        return Err(settled(financing));
    }
    not_before(case, approval.on)
}

fn not_before(case: &Case, earliest: chrono::NaiveDate) -> Result<(), Refusal> {
    if case.on >= earliest {
        return Ok(());
    }
    Err(Refusal::TooEarly { field: "occurred_on", given: case.on, earliest })
}

/// A payment of one tranche, once, in full, by another person than the approver.
pub(super) fn disbursement(case: &Case, payment: &Disbursement) -> Result<(), Refusal> {
    let financing = standing(case, payment.financing)?;
    let approval =
        financing.approval.as_ref().ok_or(Refusal::MissingStep { step: Step::Agreement })?;
    case.other_than(&approval.by, Duty::Payer, Duty::Approver)?;
    let agreement_on =
        financing.agreement_on.ok_or(Refusal::MissingStep { step: Step::Agreement })?;
    not_before(case, agreement_on)?;
    let name = || payment.tranche.to_string();
    let tranche = financing.tranches.iter().find(|tranche| tranche.tranche == payment.tranche);
    let tranche = tranche.ok_or_else(|| Refusal::Unknown {
        item: Item::Tranche,
        name: name(),
        field: "tranche",
    })?;
    if financing.paid.iter().any(|paid| paid.tranche == payment.tranche) {
        return Err(Refusal::Settled { item: Item::Tranche, name: name() });
    }
    if payment.amount != tranche.amount {
        let (expected, given) = (tranche.amount, payment.amount);
        return Err(Refusal::OtherAmount { what: Amount::Tranche, expected, given });
    }
    tranche
        .conditions
        .iter()
        .try_for_each(|condition| check_condition(case, financing, *condition))?;
    fresh_reference(case, payment.payment_reference.as_str())
}

fn check_condition(
    case: &Case,
    financing: &FinancingState,
    condition: TrancheCondition,
) -> Result<(), Refusal> {
    let since = financing.paid.iter().map(|paid| paid.on).max();
    let after = |day: Option<chrono::NaiveDate>| day.is_some() && day >= since;
    let (met, step) = match condition {
        TrancheCondition::AgreementSigned => (financing.agreement_on.is_some(), Step::Agreement),
        TrancheCondition::BusinessStarted => (case.state.business.is_some(), Step::BusinessStart),
        TrancheCondition::VisitRecorded => (after(case.state.last_visit_on), Step::Visit),
        TrancheCondition::DocumentAttached => {
            (after(case.state.documents.iter().map(|document| document.on).max()), Step::Document)
        }
    };
    if met { Ok(()) } else { Err(Refusal::MissingStep { step }) }
}

/// A payment's reference is used once in a path; across a fund it is the fund's stream that knows.
fn fresh_reference(case: &Case, reference: &str) -> Result<(), Refusal> {
    let used = case.state.financings.iter().any(|financing| {
        financing.paid.iter().any(|paid| paid.payment_reference.as_str() == reference)
            || financing.repaid.iter().any(|repaid| repaid.payment_reference.as_str() == reference)
    });
    if used {
        return Err(Refusal::Settled { item: Item::PaymentReference, name: reference.to_owned() });
    }
    Ok(())
}

/// A loan on which principal is still owed.
fn owing<'a>(case: &Case<'a>, financing: u32) -> Result<&'a FinancingState, Refusal> {
    let financing = find(case, financing)?;
    if financing.owed() == Xof::ZERO {
        return Err(settled(financing));
    }
    Ok(financing)
}

/// Money back, at most the principal owed.
pub(super) fn repayment(case: &Case, payment: &Repayment) -> Result<(), Refusal> {
    let financing = owing(case, payment.financing)?;
    let owed = financing.owed();
    if payment.principal > owed {
        return Err(Refusal::TooMuch { what: Amount::Owed, limit: owed, given: payment.principal });
    }
    some_money(Amount::Owed, payment.principal.plus(payment.interest))?;
    if let Some(first) = financing.paid.iter().map(|paid| paid.on).min() {
        not_before(case, first)?;
    }
    fresh_reference(case, payment.payment_reference.as_str())
}

/// A new schedule for exactly what is still owed.
pub(super) fn rescheduling(case: &Case, rescheduling: &Rescheduling) -> Result<(), Refusal> {
    let financing = owing(case, rescheduling.financing)?;
    check_schedule(&rescheduling.schedule, financing.owed())
}

/// Gives up exactly what is still owed.
pub(super) fn write_off(case: &Case, write_off: &WriteOff) -> Result<(), Refusal> {
    let expected = owing(case, write_off.financing)?.owed();
    if write_off.amount == expected {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::Owed, expected, given: write_off.amount })
}
