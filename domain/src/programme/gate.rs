//! The gate: whether a command may be given to a programme now, whatever its body says.

use super::Programme;
use super::command::ProgrammeVerb as Verb;
use crate::context::Context;
use crate::refusal::{Item, Refusal, no_command};

/// Asks whether a command may be given now, whatever its body says. The rules are those that [`super::decide`] asks first; a command
/// that has already happened is answered there all the same.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Unknown`] for a word that is no command.
pub fn gate(programme: &Programme, word: &str, context: &Context) -> Result<(), Refusal> {
    let verb = Verb::of(word).ok_or_else(|| no_command(word))?;
    context.day()?;
    check(programme, verb)
}

pub(super) fn check(programme: &Programme, verb: Verb) -> Result<(), Refusal> {
    let signed = programme.convention.as_ref();
    let settled = |name: String| Refusal::Settled { item: Item::Convention, name };
    match (verb, signed) {
        (Verb::SignConvention, None) => Ok(()),
        (Verb::SignConvention, Some(signed)) => {
            Err(Refusal::Differs { item: Item::Convention, name: signed.name.to_string() })
        }
        (_, None) => Err(Refusal::NotRegistered),
        (Verb::RenewConvention, Some(signed)) if !signed.renewable => {
            Err(settled(signed.name.to_string()))
        }
        (Verb::CloseOffice, Some(_))
            if programme.offices.values().all(|office| office.closed_on.is_some()) =>
        {
            Err(Refusal::none_open(Item::Office, "office", []))
        }
        (Verb::EndStaff, Some(_)) if programme.staff.is_empty() => {
            Err(Refusal::none_open(Item::Post, "actor", []))
        }
        (Verb::FulfilCommitment | Verb::ReopenCommitment | Verb::WithdrawCommitment, Some(_))
            if programme.commitments.is_empty() =>
        {
            Err(Refusal::none_open(Item::Commitment, "commitment", []))
        }
        (Verb::CloseCall, Some(_)) if programme.call.is_none() => {
            Err(Refusal::none_open(Item::Call, "call", []))
        }
        (
            Verb::RenewConvention
            | Verb::SetRules
            | Verb::SetTarget
            | Verb::OpenOffice
            | Verb::CloseOffice
            | Verb::AddStaff
            | Verb::EndStaff
            | Verb::EraseStaffName
            | Verb::RecordLottery
            | Verb::OpenCall
            | Verb::CloseCall
            | Verb::RecordCommitment
            | Verb::FulfilCommitment
            | Verb::ReopenCommitment
            | Verb::WithdrawCommitment
            | Verb::ReviewConvention
            | Verb::RankCandidates
            | Verb::AmendOffice
            | Verb::Retract,
            Some(_),
        ) => Ok(()),
    }
}
