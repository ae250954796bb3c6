//! From command to events, and the rule that judges each of them.

use super::any::status::check_directory;
use super::case::Case;
use super::command::{BeneficiaryCommand as Command, BeneficiaryVerb as Verb, kind_of, propose};
use super::event::BeneficiaryEvent;
use super::fact::Fact;
use super::financing::reversal;
use super::proposal::Asked;
use super::retry::already_happened;
use super::state::State;
use super::{Beneficiary, order, past, plausible, retract};
use crate::context::Context;
use crate::programme::{Programme, ranking};
use crate::refusal::{Refusal, no_command};

/// Asks whether a command may be given now, whatever its body says. The rules are those that
/// [`decide()`] asks first; a command that has already happened is answered there all the same.
///
/// # Errors
/// The rule that forbids it; [`Refusal::Unknown`] for a word that is no command.
pub fn gate(path: &Beneficiary, word: &str, context: &Context) -> Result<(), Refusal> {
    let verb = Verb::of(word).ok_or_else(|| no_command(word))?;
    let on = context.day()?;
    let (_, rules) = context.programme.rules_on(on);
    check_gate(verb, &Asked { path, context, on, rules: &rules })
}

fn check_gate(verb: Verb, asked: &Asked) -> Result<(), Refusal> {
    let case = asked.case();
    let kind = kind_of(verb);
    let admission = kind.admission();
    admission.check(&case, admission.always_seals())?;
    kind.check_needs(&case)
}

/// Takes a command to events; none when it has already happened.
///
/// # Errors
/// The rule that forbids it.
pub fn decide(
    path: &Beneficiary,
    command: Command,
    context: &Context,
) -> Result<Vec<BeneficiaryEvent>, Refusal> {
    let occurred_on = context.day()?;
    let (rules, in_force) = context.programme.rules_on(occurred_on);
    let asked = Asked { path, context, on: occurred_on, rules: &in_force };
    let gate = check_gate(command.verb(), &asked);
    // A retry is an answer even where the gate has closed since.
    let fact = propose(command, &asked).map_err(|why| gate.clone().err().unwrap_or(why))?;
    let (by, backdating_reason) = (context.actor.clone(), context.backdating_reason);
    let event = BeneficiaryEvent { occurred_on, by, rules, backdating_reason, fact };
    if already_happened(path, &event) {
        return Ok(Vec::new());
    }
    gate?;
    may_follow(path, &event, context)?;
    order::check(path, &event)?;
    check_directory(path.state(), &event, &context.programme)?;
    past::check(&asked.case(), &event)?;
    plausible::check_parts(&event.fact)?;
    Ok(vec![event])
}

/// Asks whether `event` may follow in this path's stream, as its actor and role recorded it: what a decision
/// asks last, and what an audit asks of every event again.
///
/// # Errors
/// The rule that forbids it.
pub fn may_follow(
    path: &Beneficiary,
    event: &BeneficiaryEvent,
    context: &Context,
) -> Result<(), Refusal> {
    lawful(path.state(), event, &context.programme, context.subject)?;
    context.check_backdating(event.occurred_on, event.backdating_reason)?;
    ranking::check_listed(event, context.subject, &context.programme)?;
    match &event.fact {
        Fact::Retracted(retraction) => retract::check(path, retraction.sequence, context),
        Fact::RegistrationCorrected(correction) => {
            retract::check_correction(path, correction, context)
        }
        Fact::DisbursementReversed(reversal) | Fact::RepaymentReversed(reversal) => {
            reversal::check(path, reversal, context)
        }
        _ => Ok(()),
    }
}

/// Asks whether `event` may follow `state` in the stream `subject`. It sees the state before the event, the
/// event, and the programme as it stands, and is asked of later events too when one before them is
/// retracted.
///
/// # Errors
/// The rule that forbids it, with its numbers.
pub fn lawful(
    state: &State,
    event: &BeneficiaryEvent,
    programme: &Programme,
    subject: uuid::Uuid,
) -> Result<(), Refusal> {
    let rules = programme.rules_of(event.rules);
    let (on, by) = (event.occurred_on, &event.by);
    let case = Case { state, on, by, programme, rules: &rules, subject };
    let kind = event.fact.kind();
    kind.admission().check(&case, state.is_erased() && carries_sealed_text(&event.fact))?;
    kind.check_needs(&case)?;
    event.fact.check_content(&case)?;
    match &rules.plausibility {
        Some(bounds) => plausible::check(&event.fact, bounds),
        None => Ok(()),
    }
}

/// Asked of erased people alone, so the price of writing the fact out does not matter.
fn carries_sealed_text(fact: &Fact) -> bool {
    serde_json::to_string(fact).is_ok_and(|text| text.contains(crate::values::SEALED_PREFIX))
}
