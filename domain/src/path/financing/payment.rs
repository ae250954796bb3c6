//! The rules of money that moves: paid out by tranche, paid back, rescheduled, written off.

use super::facts::{Disbursement, Repayment, Rescheduling, Tranche, TrancheCondition, WriteOff};
use super::loan::PaidBack;
use super::rules::{check_schedule, check_some, named, one_open, settled};
use super::state::{Award, FinancingState, PaidTranche};
use crate::path::case::Case;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::refusal::{Amount, Duty, Item, Refusal, Step};
use crate::values::{PaymentReference, Xof};

/// A tranche waits to be paid, and by somebody else than who approved it.
pub(in crate::path) fn one_to_pay(case: &Case) -> Result<(), Refusal> {
    one_open(case, |case, financing| {
        let award = check_to_pay(case, financing)?;
        let mut unpaid = award.tranches.iter().filter(|tranche| !is_paid(award, tranche.tranche));
        let first = unpaid.next().ok_or_else(|| settled(financing))?;
        check_conditions(case, award, first).or_else(|why| {
            let is_ready = |tranche| check_conditions(case, award, tranche).is_ok();
            if unpaid.any(is_ready) { Ok(()) } else { Err(why) }
        })
    })
}

/// The award of a financing that is approved, not refused since, and signed by that day.
fn check_to_pay<'a>(case: &Case, financing: &'a FinancingState) -> Result<&'a Award, Refusal> {
    let award = match financing {
        FinancingState::Requested(_) => {
            return Err(Refusal::MissingStep { step: Step::Agreement });
        }
        FinancingState::Approved(_, award) => award,
        FinancingState::Refused(..) | FinancingState::CutShort(..) => {
            return Err(settled(financing));
        }
    };
    case.other_than(&award.approval.by, Duty::Payer, Duty::Approver)?;
    let agreement_on = award.agreement_on.ok_or(Refusal::MissingStep { step: Step::Agreement })?;
    case.not_before(agreement_on)?;
    Ok(award)
}

fn is_paid(award: &Award, tranche: u32) -> bool {
    award.paid.iter().any(|paid| paid.tranche == tranche)
}

/// A tranche is paid once, in full, when its conditions are met.
pub(in crate::path) fn check_disbursement(
    case: &Case,
    payment: &Disbursement,
) -> Result<(), Refusal> {
    let award = check_to_pay(case, named(case, payment.financing)?)?;
    let name = || payment.tranche.to_string();
    let tranche = award.tranches.iter().find(|tranche| tranche.tranche == payment.tranche);
    let tranche = tranche.ok_or_else(|| Refusal::Unknown {
        item: Item::Tranche,
        name: name(),
        field: "tranche",
    })?;
    if is_paid(award, payment.tranche) {
        return Err(Refusal::Settled { item: Item::Tranche, name: name() });
    }
    if payment.amount != tranche.amount {
        let (expected, given) = (tranche.amount, payment.amount);
        return Err(Refusal::OtherAmount { what: Amount::Tranche, expected, given });
    }
    check_conditions(case, award, tranche)?;
    check_fresh(case, &payment.payment_reference)
}

/// A guarantee is called or released, and never paid to the person. It is asked of commands alone: before
/// guarantees could be called, paying one out was how it was recorded.
pub(in crate::path) fn pay(asked: &Asked, payment: Disbursement) -> Result<Disbursement, Refusal> {
    let named = asked.path.state().financing(payment.financing);
    if named.is_some_and(FinancingState::is_guarantee) {
        return Err(Refusal::Disagree { field: "financing", other: "instrument" });
    }
    Ok(payment)
}

fn check_conditions(case: &Case, award: &Award, tranche: &Tranche) -> Result<(), Refusal> {
    let since = award.paid.iter().map(|paid| paid.on).max();
    let after = |day: Option<chrono::NaiveDate>| day.is_some() && day >= since;
    let documents = case.state.documents.iter().map(|document| document.on);
    for condition in &tranche.conditions {
        let (is_met, step) = match condition {
            TrancheCondition::AgreementSigned => (award.agreement_on.is_some(), Step::Agreement),
            TrancheCondition::BusinessStarted => {
                (case.state.business.is_some(), Step::BusinessStart)
            }
            TrancheCondition::VisitRecorded => (after(case.state.last_visit_on), Step::Visit),
            TrancheCondition::DocumentAttached => (after(documents.clone().max()), Step::Document),
        };
        if !is_met {
            return Err(Refusal::MissingStep { step });
        }
    }
    Ok(())
}

/// A payment's reference is used once in a path; across a fund it is the fund's stream that knows.
pub(super) fn check_fresh(case: &Case, reference: &PaymentReference) -> Result<(), Refusal> {
    let mut used = case.state.financings.iter().flat_map(FinancingState::references);
    match used.find(|used| *used == reference) {
        Some(used) => {
            Err(Refusal::Settled { item: Item::PaymentReference, name: used.to_string() })
        }
        None => Ok(()),
    }
}

/// A reason is given: by its code, in free text, or both. A code can be given for an erased person too.
pub(super) fn check_ground(has_code: bool, has_text: bool) -> Result<(), Refusal> {
    if has_code || has_text {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "ground", other: "reason" })
}

/// A loan has principal or interest to be paid back.
pub(in crate::path) fn one_owed(case: &Case) -> Result<(), Refusal> {
    one_open(case, |_, financing| check_owed(financing))
}

/// A loan was paid out by that day and is not written off: what is paid on it above all that is owed is
/// credit.
pub(in crate::path) fn one_to_repay(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_to_repay)
}

fn check_owed(financing: &FinancingState) -> Result<(), Refusal> {
    if financing.owed_in_all() == Xof::ZERO { Err(settled(financing)) } else { Ok(()) }
}

fn check_to_repay(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    let loan = financing.loan().filter(|loan| loan.written_off_on.is_none());
    if loan.is_none() || financing.paid().is_empty() {
        return Err(settled(financing));
    }
    match financing.paid().iter().map(|paid| paid.on).min() {
        Some(first) => case.not_before(first),
        None => Ok(()),
    }
}

/// Says that nothing is credit, unless the command says how much is.
pub(in crate::path) fn repay(_: &Asked, payment: Repayment) -> Repayment {
    Repayment { credit: Some(payment.credit.unwrap_or_default()), ..payment }
}

/// A repayment is of something: of at most the principal and the interest that are owed, and beyond that
/// of credit.
pub(in crate::path) fn check_repayment(case: &Case, payment: &Repayment) -> Result<(), Refusal> {
    let financing = named(case, payment.financing)?;
    check_to_repay(case, financing)?;
    let credit = payment.credit.unwrap_or_default();
    if financing.owed_in_all() == Xof::ZERO && credit == Xof::ZERO {
        return Err(settled(financing));
    }
    let at_most = |what, limit: Xof, given: Xof| {
        if given <= limit { Ok(()) } else { Err(Refusal::TooMuch { what, limit, given }) }
    };
    at_most(Amount::Owed, financing.owed(), payment.principal)?;
    // Before credit could be told, interest had no ceiling.
    if payment.credit.is_some() {
        at_most(Amount::InterestOwed, financing.interest_owed(), payment.interest)?;
    }
    check_some(Amount::Repayment, payment.principal.plus(payment.interest).plus(credit))?;
    let left = financing.owed_in_all().less(payment.principal).less(payment.interest);
    if credit > Xof::ZERO {
        at_most(Amount::LeftBeforeCredit, Xof::ZERO, left)?;
    }
    check_fresh(case, &payment.payment_reference)
}

/// A new schedule is for exactly the principal that is still owed, and says why.
pub(in crate::path) fn check_rescheduling(
    case: &Case,
    rescheduling: &Rescheduling,
) -> Result<(), Refusal> {
    let financing = named(case, rescheduling.financing)?;
    check_owed(financing)?;
    check_ground(rescheduling.ground.is_some(), rescheduling.reason.is_some())?;
    check_schedule(&rescheduling.schedule, financing.owed())
}

/// A write-off gives up exactly what is still owed.
pub(in crate::path) fn check_write_off(case: &Case, write_off: &WriteOff) -> Result<(), Refusal> {
    let financing = named(case, write_off.financing)?;
    check_owed(financing)?;
    check_ground(write_off.ground.is_some(), write_off.reason.is_some())?;
    let expected = financing.owed();
    if write_off.amount == expected {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::Owed, expected, given: write_off.amount })
}

pub(in crate::path) fn fold_disbursement(
    state: &mut State,
    signed: &Signed,
    payment: &Disbursement,
) {
    let paid = PaidTranche {
        tranche: payment.tranche,
        on: signed.on,
        amount: payment.amount,
        payment_reference: payment.payment_reference.clone(),
    };
    state.change_financing(payment.financing, |financing| {
        financing.with_award(|award| award.paid.push(paid))
    });
}

pub(in crate::path) fn fold_repayment(state: &mut State, signed: &Signed, payment: &Repayment) {
    let repayment = PaidBack {
        on: signed.on,
        principal: payment.principal,
        interest: payment.interest,
        credit: payment.credit.unwrap_or_default(),
        before_schedule: false,
        payment_reference: payment.payment_reference.clone(),
    };
    state.change_loan(payment.financing, |loan| loan.take_repayment(repayment));
}

pub(in crate::path) fn fold_rescheduling(
    state: &mut State,
    _: &Signed,
    rescheduling: &Rescheduling,
) {
    let schedule = rescheduling.schedule.clone();
    state.change_loan(rescheduling.financing, |loan| loan.reschedule(schedule));
}

pub(in crate::path) fn fold_write_off(state: &mut State, signed: &Signed, write_off: &WriteOff) {
    let on = signed.on;
    state.change_loan(write_off.financing, |loan| loan.written_off_on = Some(on));
}

impl State {
    fn change_loan(&mut self, number: u32, change: impl FnOnce(&mut super::Loan)) {
        self.change_financing(number, |financing| {
            financing.with_award(|award| {
                if let Some(loan) = &mut award.loan {
                    change(loan);
                }
            })
        });
    }
}
