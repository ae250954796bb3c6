//! The gate: whether a command may be given to a fund now, whatever its body says.

use super::Fund;
use super::command::FundVerb as Verb;
use crate::context::Context;
use crate::refusal::{Amount, Item, Refusal, no_command};
use crate::values::Xof;

/// Asks whether a command may be given now, whatever its body says. The rules are those that [`super::decide`] asks first; a command
/// that has already happened is answered there all the same.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Unknown`] for a word that is no command.
pub fn gate(fund: &Fund, word: &str, context: &Context) -> Result<(), Refusal> {
    let verb = Verb::of(word).ok_or_else(|| no_command(word))?;
    context.day()?;
    check(fund, verb)
}

pub(super) fn check(fund: &Fund, verb: Verb) -> Result<(), Refusal> {
    let code = || fund.envelope.as_ref().map(|envelope| envelope.code.to_string());
    match (verb, code()) {
        // What is wrong is put right after the end too; statements come then, and what bounced.
        (Verb::OpenFund, None)
        | (
            Verb::Retract
            | Verb::ConfirmReconciliation
            | Verb::WithdrawReconciliation
            | Verb::ReverseOverhead,
            Some(_),
        ) => Ok(()),
        (Verb::OpenFund, Some(name)) => Err(Refusal::Differs { item: Item::Fund, name }),
        (_, None) => Err(Refusal::NotRegistered),
        (_, Some(name)) if fund.closed => Err(Refusal::Settled { item: Item::Fund, name }),
        (Verb::CloseFund, Some(_)) => check_nothing_open(fund),
        (Verb::AdjustBudget | Verb::AmendFund | Verb::RecordOverhead, Some(_)) => Ok(()),
    }
}

/// A fund closes when all that it committed is paid out or given up.
pub(super) fn check_nothing_open(fund: &Fund) -> Result<(), Refusal> {
    let given = fund.open_commitments();
    if given == Xof::ZERO {
        return Ok(());
    }
    Err(Refusal::TooMuch { what: Amount::LeftCommitted, limit: Xof::ZERO, given })
}
