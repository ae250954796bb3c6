//! The rules of what is asked for, approved, refused and signed.

use super::facts::{
    Approval, FinancingApplication, FinancingCase, FinancingNumber, FinancingRefusal, Instalment,
    Tranche,
};
use super::state::{Award, FinancingState};
use crate::path::case::{Case, check_next_number};
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::State;
use crate::refusal::{Amount, Duty, Item, Refusal, Step, check_items};
use crate::values::Xof;

/// Most tranches of a financing.
const TRANCHES_MAX: usize = 20;
/// Most instalments of a loan: five years of months.
const INSTALMENTS_MAX: usize = 60;

/// The financing that a command names.
pub(super) fn named<'a>(case: &Case<'a>, financing: u32) -> Result<&'a FinancingState, Refusal> {
    case.state.financing(financing).ok_or_else(|| Refusal::Unknown {
        item: Item::Financing,
        name: financing.to_string(),
        field: "financing",
    })
}

/// At least one financing is open to what is asked. Otherwise the refusal is the one that any of
/// them would meet: all are settled, or the last one that is not says why.
pub(super) fn one_open(
    case: &Case,
    check_open: impl Fn(&Case, &FinancingState) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut why = None;
    for financing in case.state.financings.iter().rev() {
        match check_open(case, financing) {
            Ok(()) => return Ok(()),
            Err(Refusal::Settled { .. }) => {}
            Err(refusal) => why = why.or(Some(refusal)),
        }
    }
    Err(why.unwrap_or_else(|| {
        let numbers = case.state.financings.iter().map(FinancingState::financing);
        Refusal::none_open(Item::Financing, "financing", numbers)
    }))
}

pub(super) fn settled(financing: &FinancingState) -> Refusal {
    Refusal::Settled { item: Item::Financing, name: financing.financing().to_string() }
}

/// An amount that is not nothing.
pub(super) fn check_some(what: Amount, given: Xof) -> Result<(), Refusal> {
    if given > Xof::ZERO {
        Ok(())
    } else {
        Err(Refusal::OtherAmount { what, expected: Xof::of(1), given })
    }
}

/// Numbers a request as the next financing of the path.
pub(in crate::path) fn request(asked: &Asked, application: FinancingApplication) -> FinancingCase {
    let financing = asked.next_number(|fact| matches!(fact, Fact::FinancingRequested(_)));
    let FinancingApplication {
        instrument,
        amount,
        own_contribution,
        fund,
        budget_line,
        co_finances,
    } = application;
    FinancingCase {
        financing,
        instrument,
        amount,
        own_contribution,
        fund,
        budget_line,
        co_finances,
    }
}

/// A request is within the ceiling of its instrument, together with what is asked for the same need from
/// other funds.
pub(in crate::path) fn check_request(case: &Case, request: &FinancingCase) -> Result<(), Refusal> {
    let limit = case.rules.ceiling(request.instrument);
    if request.amount > limit {
        return Err(Refusal::TooMuch { what: Amount::Ceiling, limit, given: request.amount });
    }
    if let Some(number) = request.co_finances {
        let given = request.amount.plus(of_the_need(case, request, number)?);
        if given > limit {
            return Err(Refusal::TooMuch { what: Amount::NeedCeiling, limit, given });
        }
    }
    check_some(Amount::Requested, request.amount)?;
    let last = case.state.financings.last().map_or(0, FinancingState::financing);
    check_next_number(Item::Financing, last, request.financing)
}

/// What is asked for, or was granted, for the need of a financing, with the instrument of one more request
/// for it. Each of its parts comes from a fund of its own.
fn of_the_need(case: &Case, request: &FinancingCase, number: u32) -> Result<Xof, Refusal> {
    let first = case.state.financing(number).ok_or_else(|| Refusal::Unknown {
        item: Item::Financing,
        name: number.to_string(),
        field: "co_finances",
    })?;
    if matches!(first, FinancingState::Refused(..) | FinancingState::CutShort(..)) {
        return Err(settled(first));
    }
    let need = need_of(case.state, first);
    let is_part = |one: &&FinancingState| need_of(case.state, one) == need;
    let mut sum = Xof::ZERO;
    for part in case.state.financings.iter().filter(is_part) {
        let asked_or_granted = match part {
            FinancingState::Requested(_) => part.requested(),
            _ => part.granted(),
        };
        if part.fund() == request.fund && asked_or_granted > Xof::ZERO {
            return Err(Refusal::Disagree { field: "fund", other: "co_finances" });
        }
        if part.instrument() == request.instrument {
            sum = sum.plus(asked_or_granted);
        }
    }
    Ok(sum)
}

/// The request that a need began with, however many parts of parts lie between.
fn need_of(state: &State, part: &FinancingState) -> u32 {
    let mut need = part;
    // A part names a request before it. Were that not asked of each step, a journal that somebody tampered
    // with could lead an audit in a circle.
    while let Some(before) = need
        .co_finances()
        .filter(|number| *number < need.financing())
        .and_then(|number| state.financing(number))
    {
        need = before;
    }
    need.financing()
}

/// What the person is granted in all, with this approval, is within the ceilings a person.
fn check_person(case: &Case, financing: &FinancingState, amount: Xof) -> Result<(), Refusal> {
    let ceilings = &case.rules.ceiling_per_person;
    let others = case.state.financings.iter();
    let others = others.filter(|one| one.financing() != financing.financing());
    let of_instrument = others.clone().filter(|one| one.instrument() == financing.instrument());
    let granted = |all: &mut dyn Iterator<Item = &FinancingState>| {
        amount.plus(all.map(FinancingState::granted).sum())
    };
    for (what, limit, given) in [
        (
            Amount::PersonCeiling,
            ceilings.of(financing.instrument()),
            granted(&mut of_instrument.clone()),
        ),
        (Amount::PersonCeilingInAll, ceilings.in_all, granted(&mut others.clone())),
    ] {
        if let Some(limit) = limit.filter(|limit| given > *limit) {
            return Err(Refusal::TooMuch { what, limit, given });
        }
    }
    Ok(())
}

/// A financing waits to be approved, and somebody else asked for it.
pub(in crate::path) fn one_to_approve(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_to_approve)
}

/// A second approval reduces the first, before anything was signed or paid; nobody approves what
/// they asked for.
fn check_to_approve(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    let is_open = match financing {
        FinancingState::Requested(_) => true,
        FinancingState::Approved(_, award) => award.agreement_on.is_none() && award.paid.is_empty(),
        FinancingState::Refused(..) | FinancingState::CutShort(..) => false,
    };
    if !is_open {
        return Err(settled(financing));
    }
    case.other_than(&financing.request().by, Duty::Approver, Duty::Requester)
}

/// An approval is of at most what was asked for, or less than what was approved before, in tranches
/// that add up.
pub(in crate::path) fn check_approval(case: &Case, approval: &Approval) -> Result<(), Refusal> {
    let financing = named(case, approval.financing)?;
    check_to_approve(case, financing)?;
    if let FinancingState::Approved(_, Award { amount, .. }) = financing
        && approval.amount >= *amount
    {
        let (limit, given) = (amount.less(Xof::of(1)), approval.amount);
        return Err(Refusal::TooMuch { what: Amount::Approved, limit, given });
    }
    if approval.amount > financing.requested() {
        let (limit, given) = (financing.requested(), approval.amount);
        return Err(Refusal::TooMuch { what: Amount::Requested, limit, given });
    }
    check_some(Amount::Approved, approval.amount)?;
    check_person(case, financing, approval.amount)?;
    check_tranches(&approval.tranches, approval.amount)?;
    if financing.instrument().code() == "loan" {
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
        check_some(Amount::Tranche, tranche.amount)?;
    }
    let sum: Xof = tranches.iter().map(|tranche| tranche.amount).sum();
    if sum == amount {
        return Ok(());
    }
    Err(Refusal::OtherAmount { what: Amount::Tranches, expected: amount, given: sum })
}

/// A schedule is in the order of its days, and its principal adds up to `principal`.
pub(super) fn check_schedule(schedule: &[Instalment], principal: Xof) -> Result<(), Refusal> {
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

/// A request waits to be decided, or an approval has something left to give up.
pub(in crate::path) fn one_to_refuse(case: &Case) -> Result<(), Refusal> {
    one_open(case, |_, financing| check_to_refuse(financing))
}

fn check_to_refuse(financing: &FinancingState) -> Result<(), Refusal> {
    match financing {
        FinancingState::Requested(_) => Ok(()),
        FinancingState::Approved(_, award)
            if award.amount > financing.paid_out() && award.released_on.is_none() =>
        {
            Ok(())
        }
        _ => Err(settled(financing)),
    }
}

/// A refusal is of what is not paid out yet: all of a request, or what is left of an approval.
pub(in crate::path) fn check_refusal(
    case: &Case,
    refusal: &FinancingRefusal,
) -> Result<(), Refusal> {
    check_to_refuse(named(case, refusal.financing)?)
}

/// A financing is approved and not signed yet.
pub(in crate::path) fn one_to_sign(case: &Case) -> Result<(), Refusal> {
    one_open(case, check_to_sign)
}

fn check_to_sign(case: &Case, financing: &FinancingState) -> Result<(), Refusal> {
    match financing {
        FinancingState::Requested(_) => Err(Refusal::MissingStep { step: Step::Approval }),
        FinancingState::Approved(_, award) if award.agreement_on.is_none() => {
            case.not_before(award.approval.on)
        }
        _ => Err(settled(financing)),
    }
}

/// An agreement is signed once, on an approved financing.
pub(in crate::path) fn check_agreement(
    case: &Case,
    number: &FinancingNumber,
) -> Result<(), Refusal> {
    check_to_sign(case, named(case, number.financing)?)
}

/// A start without money is allowed once, and only where no money was paid.
pub(in crate::path) fn nothing_paid(case: &Case) -> Result<(), Refusal> {
    let paid = case.state.financings.iter().find(|financing| !financing.paid().is_empty());
    match paid {
        Some(paid) => Err(settled(paid)),
        None if case.state.financing_waived_on.is_some() => {
            Err(Refusal::Settled { item: Item::Waiver, name: String::new() })
        }
        None => Ok(()),
    }
}
