//! What can be asked of a fund, and which event may follow which.

use sira_numbers::Version;

use super::event::{
    Budget, Commitment, Envelope, FundAmendment, FundEvent, FundFact, Movement, Outlay, Return,
    Undoing,
};
use super::overheads::{self, Overhead, OverheadReversalRequest};
use super::reconciliation::{self, Reconciliation, ReconciliationWithdrawal};
use super::{Fund, gate, lines, own};
use crate::catalogue::commands;
use crate::context::Context;
use crate::jurisdiction::Ground;
use crate::path::facts::{Nothing, PaymentKind};
use crate::programme::Programme;
use crate::reference::RegionCode;
use crate::refusal::{Amount, Item, Refusal};
use crate::retraction::ClearRetraction;
use crate::values::{PaymentReference, Xof};

commands! {
    /// A command to a fund.
    FundCommand, FundVerb, FUND_COMMANDS;
    OpenFund(Envelope) "open-fund" "fund" [Director, Admin] FundRegions sealed[]
        "Ouvre le fonds d'un bailleur.", "Opens a donor's fund.";
    AdjustBudget(Budget) "adjust-budget" "fund" [Director, Admin] FundRegions sealed[]
        "Modifie le budget, par avenant du bailleur.", "Adjusts the budget, by the donor's amendment.";
    AmendFund(FundAmendment) "amend-fund" "fund" [Director, Admin] FundRegions sealed[]
        "Corrige le bailleur ou la période du fonds.", "Corrects the donor or the period of the fund.";
    Retract(ClearRetraction) "retract" "fund" [Director, Admin] FundRegions sealed[]
        "Retire un événement du fonds enregistré par erreur ; il reste dans l'historique.",
        "Retracts an event of the fund recorded in error; it stays in the history.";
    CloseFund(Nothing) "close-fund" "fund" [Director, Admin] FundRegions sealed[]
        "Clôt le fonds ; il ne doit plus rien rester d'engagé à décaisser.",
        "Closes the fund; nothing may be left committed and undisbursed.";
    ConfirmReconciliation(Reconciliation) "confirm-reconciliation" "fund" [Finance] FundRegions sealed[]
        "Confirme que des lignes d'un relevé sont des paiements du fonds.",
        "Confirms that lines of a statement are payments of the fund.";
    WithdrawReconciliation(ReconciliationWithdrawal) "withdraw-reconciliation" "fund" [Finance] FundRegions sealed[]
        "Reprend des lignes confirmées par erreur.", "Takes back lines that were confirmed by mistake.";
    RecordOverhead(Overhead) "record-overhead" "fund" [Finance] FundRegions sealed[]
        "Enregistre des frais du fonds lui-même, payés d'une ligne de frais généraux.",
        "Records a cost of the fund itself, paid from a line of overheads.";
    ReverseOverhead(OverheadReversalRequest) "reverse-overhead" "fund" [Finance] FundRegions sealed[]
        "Annule des frais rejetés ou mal enregistrés ; une autre personne que celle qui les a enregistrés.",
        "Reverses a cost that bounced or was recorded wrongly; another person than who recorded it.";
}

/// Takes a command to events; none when it has already happened.
///
/// # Errors
/// The rule that forbids it.
pub fn decide(
    fund: &Fund,
    command: FundCommand,
    context: &Context,
) -> Result<Vec<FundEvent>, Refusal> {
    let occurred_on = context.day()?;
    let gate = gate::check(fund, command.verb());
    let (fact, stands) = match command {
        FundCommand::OpenFund(envelope) => {
            let stands = fund.opened_as() == Some(&envelope);
            (FundFact::FundOpened(envelope), stands)
        }
        FundCommand::AdjustBudget(budget) => {
            let stands = fund.version > Version::ZERO && lines::stands(fund, &budget);
            (FundFact::BudgetAdjusted(budget), stands)
        }
        FundCommand::AmendFund(amendment) => {
            let mut changed = fund.envelope.clone();
            if let Some(envelope) = &mut changed {
                amendment.apply(envelope);
            }
            let is_so = changed == fund.envelope && fund.last_amendment() == Some(&amendment);
            (FundFact::FundAmended(amendment), is_so)
        }
        FundCommand::Retract(retraction) => {
            let is_retracted = fund.is_retracted(retraction.sequence);
            (FundFact::FundFactRetracted(retraction), is_retracted)
        }
        FundCommand::CloseFund(closing) => (FundFact::FundClosed(closing), fund.closed),
        FundCommand::ConfirmReconciliation(asked) => {
            let is_asked = !asked.lines.is_empty();
            let left = asked.left_in(fund);
            let stands = is_asked && left.lines.is_empty();
            (FundFact::PaymentsReconciled(left), stands)
        }
        FundCommand::WithdrawReconciliation(asked) => {
            let is_asked = !asked.lines.is_empty();
            let left = asked.left_in(fund);
            let stands = is_asked && left.lines.is_empty();
            (FundFact::ReconciliationWithdrawn(left), stands)
        }
        FundCommand::RecordOverhead(overhead) => {
            let paid = fund.overheads_paid.get(&overhead.payment_reference);
            // One that was undone is not the same payment again: its reference stays used.
            let stands =
                paid.is_some_and(|paid| paid.overhead == overhead && paid.reversal.is_none());
            (FundFact::OverheadPaid(overhead), stands)
        }
        FundCommand::ReverseOverhead(asked) => {
            let reversal = overheads::undo(fund, asked);
            let reversal = reversal.map_err(|why| gate.clone().err().unwrap_or(why))?;
            let paid = fund.overheads_paid.get(&reversal.undone_reference);
            let stands = paid.is_some_and(|paid| paid.reversal.as_ref() == Some(&reversal));
            (FundFact::OverheadReversed(reversal), stands)
        }
    };
    // A retry is an answer even where the gate has closed since.
    if stands {
        return Ok(Vec::new());
    }
    gate?;
    let event = FundEvent { occurred_on, by: context.actor.clone(), fact };
    own::check_author_of(fund, &event, context)?;
    lawful(fund, &event, &context.programme)?;
    Ok(vec![event])
}

/// The ground that a command to a fund is given on.
#[must_use]
pub fn ground(fund: &Fund, command: &FundCommand) -> Ground {
    let named = match command {
        FundCommand::OpenFund(envelope) => Some(&envelope.regions),
        FundCommand::AdjustBudget(_)
        | FundCommand::AmendFund(_)
        | FundCommand::Retract(_)
        | FundCommand::CloseFund(_)
        | FundCommand::ConfirmReconciliation(_)
        | FundCommand::RecordOverhead(_)
        | FundCommand::ReverseOverhead(_)
        | FundCommand::WithdrawReconciliation(_) => None,
    };
    // What stands counts before what a body says.
    let standing = fund.envelope.as_ref().map(|envelope| &envelope.regions);
    Ground::of_regions(standing.or(named).into_iter().flatten().copied())
}

/// Refuses a fund that does not serve the region of a path's office.
///
/// # Errors
/// [`Refusal::NotServed`], with the regions that it serves.
pub fn check_served(fund: &Fund, region: Option<RegionCode>) -> Result<(), Refusal> {
    let Some(envelope) = &fund.envelope else { return Err(Refusal::NotRegistered) };
    let serves = &envelope.regions;
    // A region that was carved out of one that is served is served.
    let mut of_old = std::iter::successors(region, RegionCode::carved_from);
    if serves.is_empty() || of_old.any(|region| serves.contains(&region)) {
        return Ok(());
    }
    Err(Refusal::NotServed { fund: envelope.code.clone(), region, serves: serves.clone() })
}

/// Asks whether `event` may follow in this fund's stream.
///
/// # Errors
/// The rule that forbids it, with its numbers.
pub fn lawful(fund: &Fund, event: &FundEvent, programme: &Programme) -> Result<(), Refusal> {
    if let FundFact::FundOpened(envelope) = &event.fact {
        return opening(fund, envelope, programme);
    }
    let envelope = fund.envelope.as_ref().ok_or(Refusal::NotRegistered)?;
    // Money may come back, bounce and be given up after the end.
    if let Some(verdict) = after_the_end(fund, event) {
        return verdict;
    }
    if fund.closed {
        return Err(Refusal::Settled { item: Item::Fund, name: envelope.code.to_string() });
    }
    match &event.fact {
        FundFact::Committed(commitment) => {
            if !envelope.period.holds(event.occurred_on) {
                let (period, given) = (envelope.period, event.occurred_on);
                return Err(Refusal::OutsidePeriod { item: Item::Fund, period, given });
            }
            lines::check_commitment(fund, commitment)?;
            at_most(Amount::FreeBalance, fund.free(), commitment.amount)
        }
        FundFact::OverheadPaid(overhead) => overheads::check(fund, overhead),
        FundFact::Disbursed(outlay) => disbursed(fund, outlay),
        FundFact::Called(call) => called(fund, call),
        FundFact::BudgetAdjusted(budget) => adjusted(fund, budget),
        FundFact::FundAmended(amendment) => own::amended(fund, envelope, amendment),
        FundFact::FundClosed(_) => gate::check_nothing_open(fund),
        FundFact::FundOpened(_)
        | FundFact::Released(_)
        | FundFact::Repaid(_)
        | FundFact::Refunded(_)
        | FundFact::Recovered(_)
        | FundFact::CreditRefunded(_)
        | FundFact::OutlayReversed(_)
        | FundFact::FundFactRetracted(_)
        | FundFact::ReturnReversed(_)
        | FundFact::PaymentsReconciled(_)
        | FundFact::ReconciliationWithdrawn(_)
        | FundFact::OverheadReversed(_) => Ok(()),
    }
}

/// What is taken of a closed fund too, and whether it may follow; none for any other fact.
fn after_the_end(fund: &Fund, event: &FundEvent) -> Option<Result<(), Refusal>> {
    let fact = &event.fact;
    Some(match fact {
        FundFact::Released(Commitment { amount, .. }) => {
            at_most(Amount::OpenCommitments, fund.open_commitments(), *amount)
        }
        FundFact::Repaid(back) => repaid(fund, back),
        FundFact::FundFactRetracted(retraction) => own::check_retraction(fund, retraction.sequence),
        FundFact::Refunded(back) | FundFact::Recovered(back) => came_back(fund, back),
        FundFact::CreditRefunded(refund) => fresh(fund, &refund.payment_reference)
            .and_then(|()| at_most(Amount::FundCredit, fund.credit, refund.amount)),
        FundFact::OutlayReversed(undone) | FundFact::ReturnReversed(undone) => {
            reversed(fund, fact, undone)
        }
        FundFact::PaymentsReconciled(confirmed) => reconciliation::check(fund, confirmed),
        FundFact::ReconciliationWithdrawn(taken) => reconciliation::check_withdrawal(fund, taken),
        FundFact::OverheadReversed(reversal) => {
            overheads::check_reversal(fund, reversal, &event.by, event.occurred_on)
        }
        _ => return None,
    })
}

fn opening(fund: &Fund, envelope: &Envelope, programme: &Programme) -> Result<(), Refusal> {
    if let Some(standing) = &fund.envelope {
        return Err(Refusal::Differs { item: Item::Fund, name: standing.code.to_string() });
    }
    if programme.convention.is_none() {
        let name = envelope.programme.to_string();
        return Err(Refusal::Unknown { item: Item::Programme, name, field: "programme" });
    }
    if envelope.budget == Xof::ZERO {
        let (what, least, given) = (Amount::Budget, Xof::of(1), Xof::ZERO);
        return Err(Refusal::TooLittle { what, least, given });
    }
    lines::check_opening(envelope)
}

pub(super) fn at_most(what: Amount, limit: Xof, given: Xof) -> Result<(), Refusal> {
    if given <= limit { Ok(()) } else { Err(Refusal::TooMuch { what, limit, given }) }
}

fn adjusted(fund: &Fund, budget: &Budget) -> Result<(), Refusal> {
    let least = fund.committed().plus(fund.overheads).max(Xof::of(1));
    if budget.budget >= least {
        return lines::check_adjustment(fund, budget);
    }
    Err(Refusal::TooLittle { what: Amount::Committed, least, given: budget.budget })
}

fn disbursed(fund: &Fund, outlay: &Outlay) -> Result<(), Refusal> {
    fresh(fund, &outlay.payment_reference)?;
    at_most(Amount::OpenCommitments, fund.open_commitments(), outlay.amount)
}

fn repaid(fund: &Fund, back: &Return) -> Result<(), Refusal> {
    fresh(fund, &back.payment_reference)?;
    at_most(Amount::FundPaidOut, fund.disbursed(), back.principal)
}

fn called(fund: &Fund, call: &Movement) -> Result<(), Refusal> {
    fresh(fund, &call.payment_reference)?;
    at_most(Amount::OpenCommitments, fund.open_commitments(), call.amount)
}

fn came_back(fund: &Fund, back: &Movement) -> Result<(), Refusal> {
    fresh(fund, &back.payment_reference)?;
    at_most(Amount::FundPaidOut, fund.disbursed(), back.amount)
}

/// What is undone was in the sums of the fund, and goes the way that the event says. That what came back
/// was committed again since does not keep it from being undone: it did not come.
fn reversed(fund: &Fund, fact: &FundFact, undone: &Undoing) -> Result<(), Refusal> {
    if undone.kind.is_outgoing() != matches!(fact, FundFact::OutlayReversed(_)) {
        return Err(Refusal::Disagree { field: "kind", other: "payment" });
    }
    if !fund.payment_references.contains(&undone.undone_reference) {
        let (item, name) = (Item::PaymentReference, undone.undone_reference.to_string());
        return Err(Refusal::Unknown { item, name, field: "undone_reference" });
    }
    if let Some(reference) = &undone.payment_reference {
        fresh(fund, reference)?;
    }
    let (what, limit) = match undone.kind {
        PaymentKind::Disbursement | PaymentKind::GuaranteeCall => {
            (Amount::Reversed, fund.disbursed())
        }
        PaymentKind::CreditRefund => return Ok(()),
        PaymentKind::Repayment => (Amount::FundReceived, fund.repaid),
        PaymentKind::Recovery => (Amount::FundReceived, fund.recovered),
        PaymentKind::UnspentRefund => (Amount::FundReceived, fund.refunded),
    };
    at_most(what, limit, undone.amount)?;
    at_most(Amount::FundCredit, fund.credit, undone.credit)
}

pub(super) fn fresh(fund: &Fund, reference: &PaymentReference) -> Result<(), Refusal> {
    if fund.payment_references.contains(reference) {
        let name = reference.to_string();
        return Err(Refusal::Settled { item: Item::PaymentReference, name });
    }
    Ok(())
}
