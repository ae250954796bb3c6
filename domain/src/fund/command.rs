//! What can be asked of a fund, and which event may follow which.

use super::event::{Budget, Closing, Commitment, Envelope, FundEvent, FundFact, Outlay, Return};
use super::{Fund, gate};
use crate::catalogue::commands;
use crate::context::Context;
use crate::programme::Programme;
use crate::refusal::{Amount, Item, Refusal};
use crate::values::{Text, Xof};

commands! {
    /// A command to a fund.
    FundCommand, FundVerb, FUND_COMMANDS;
    OpenFund(Envelope) "open-fund" "fund" [Director, Admin] sealed[]
        "Ouvre le fonds d'un bailleur.", "Opens a donor's fund.";
    AdjustBudget(Budget) "adjust-budget" "fund" [Director, Admin] sealed[]
        "Modifie le budget, par avenant du bailleur.", "Adjusts the budget, by the donor's amendment.";
    CloseFund(Closing) "close-fund" "fund" [Director, Admin] sealed[]
        "Clôt le fonds ; il ne doit plus rien rester d'engagé à décaisser.",
        "Closes the fund; nothing may be left committed and undisbursed.";
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
            let stands = fund.envelope.as_ref() == Some(&envelope);
            (FundFact::FundOpened(envelope), stands)
        }
        FundCommand::AdjustBudget(budget) => {
            let stands = fund.version > 0 && fund.budget == budget.budget;
            (FundFact::BudgetAdjusted(budget), stands)
        }
        FundCommand::CloseFund(closing) => (FundFact::FundClosed(closing), fund.closed),
    };
    // A retry is an answer even where the gate has closed since.
    if stands {
        return Ok(Vec::new());
    }
    gate?;
    let event = FundEvent { occurred_on, by: context.actor.clone(), fact };
    lawful(fund, &event, &context.programme)?;
    Ok(vec![event])
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
    // Money may come back after the end.
    if let FundFact::Repaid(back) = &event.fact {
        return repaid(fund, back);
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
            at_most(Amount::FreeBalance, fund.free(), commitment.amount)
        }
        FundFact::Released(Commitment { amount, .. }) => {
            at_most(Amount::OpenCommitments, fund.open_commitments(), *amount)
        }
        FundFact::Disbursed(outlay) => disbursed(fund, outlay),
        FundFact::BudgetAdjusted(budget) => adjusted(fund, budget),
        FundFact::FundClosed(_) => gate::check_nothing_open(fund),
        FundFact::FundOpened(_) | FundFact::Repaid(_) => Ok(()),
    }
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
    Ok(())
}

fn at_most(what: Amount, limit: Xof, given: Xof) -> Result<(), Refusal> {
    if given <= limit { Ok(()) } else { Err(Refusal::TooMuch { what, limit, given }) }
}

fn adjusted(fund: &Fund, budget: &Budget) -> Result<(), Refusal> {
    let least = fund.committed().max(Xof::of(1));
    if budget.budget >= least {
        return Ok(());
    }
    Err(Refusal::TooLittle { what: Amount::Committed, least, given: budget.budget })
}

fn disbursed(fund: &Fund, outlay: &Outlay) -> Result<(), Refusal> {
    fresh(fund, &outlay.payment_reference)?;
    at_most(Amount::OpenCommitments, fund.open_commitments(), outlay.amount)
}

fn repaid(fund: &Fund, back: &Return) -> Result<(), Refusal> {
    fresh(fund, &back.payment_reference)?;
    at_most(Amount::Owed, fund.disbursed(), back.principal)
}

fn fresh(fund: &Fund, reference: &Text<60>) -> Result<(), Refusal> {
    if fund.payment_references.contains(reference) {
        let name = reference.to_string();
        return Err(Refusal::Settled { item: Item::PaymentReference, name });
    }
    Ok(())
}
