//! Two registrations of one person: which path continues, and taking that back. Both decisions are
//! written to both streams, in one append.

use super::status::Reason;
use crate::context::Context;
use crate::path::case::Case;
use crate::path::decide::Asked;
use crate::path::declare::bodies;
use crate::path::event::BeneficiaryEvent;
use crate::path::fact::Fact;
use crate::path::state::{Signed, State};
use crate::path::{Beneficiary, BeneficiaryCommand, decide, lawful};
use crate::refusal::{Item, Refusal};
use crate::values::{BeneficiaryId, Sealed};

bodies! {
    /// Names the path that continues for the same person.
    DuplicateClaim {
        /// The path that continues; the one that the command is sent to is frozen.
        continues: BeneficiaryId,
    }

    /// Two registrations of one person; written to both streams.
    DuplicateLink {
        /// The other path.
        other: BeneficiaryId,
        /// The one of the two that continues.
        continues: BeneficiaryId,
    }

    /// Two paths are two people after all; written to both streams.
    DuplicateUnlink {
        /// The other path.
        other: BeneficiaryId,
        /// Reason, sealed under the key of the path that was frozen, and kept in its stream.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}

impl DuplicateLink {
    /// Tells whether it freezes the path in whose stream it stands.
    pub(in crate::path) fn freezes(&self) -> bool {
        self.continues == self.other
    }
}

impl DuplicateUnlink {
    /// Tells whether it stands in the stream of the path that was frozen: the reason is kept there alone.
    pub(in crate::path) fn unfreezes(&self) -> bool {
        self.reason.is_some()
    }
}

/// The link as the frozen path's own event.
pub(in crate::path) fn linked(
    _: &Asked,
    DuplicateClaim { continues }: DuplicateClaim,
) -> DuplicateLink {
    DuplicateLink { other: continues, continues }
}

/// The unlinking as the frozen path's own event.
pub(in crate::path) fn unlinked(asked: &Asked, reason: Reason) -> Result<DuplicateUnlink, Refusal> {
    Ok(DuplicateUnlink { other: linked_to(asked.path)?, reason: Some(reason.reason) })
}

/// The path that a frozen one continues as; in a retry of an unlinking, the one it was linked to.
fn linked_to(path: &Beneficiary) -> Result<BeneficiaryId, Refusal> {
    let last = || {
        path.standing().rev().find_map(|(_, event)| match &event.fact {
            Fact::DuplicateUnlinked(unlink) if unlink.unfreezes() => Some(unlink.other),
            _ => None,
        })
    };
    path.state().continues_as.or_else(last).ok_or_else(not_frozen)
}

fn not_frozen() -> Refusal {
    Refusal::none_open(Item::Duplicate, "reason", [])
}

/// No chains: a path that others continue as is not frozen itself, so that a person has one path that
/// continues and every frozen one names it.
pub(in crate::path) fn no_duplicates(case: &Case) -> Result<(), Refusal> {
    match case.state.duplicates.first() {
        Some(duplicate) => {
            Err(Refusal::Settled { item: Item::Duplicate, name: duplicate.to_string() })
        }
        None => Ok(()),
    }
}

/// The path is frozen, so that there is a link to take back.
pub(in crate::path) fn frozen(case: &Case) -> Result<(), Refusal> {
    case.state.continues_as.map(drop).ok_or_else(not_frozen)
}

/// A link, as one of the two streams sees it, is not to itself and names one of the two.
pub(in crate::path) fn check_link(case: &Case, link: &DuplicateLink) -> Result<(), Refusal> {
    let own = BeneficiaryId(case.subject);
    if link.other == own || (link.continues != own && !link.freezes()) {
        return Err(Refusal::Disagree { field: "continues", other: "id" });
    }
    Ok(())
}

/// Only what is linked is unlinked.
pub(in crate::path) fn check_unlink(case: &Case, unlink: &DuplicateUnlink) -> Result<(), Refusal> {
    let is_linked = case.state.continues_as == Some(unlink.other)
        || case.state.duplicates.contains(&unlink.other);
    if is_linked {
        return Ok(());
    }
    let name = unlink.other.to_string();
    Err(Refusal::Unknown { item: Item::Duplicate, name, field: "continues" })
}

pub(in crate::path) fn fold_link(state: &mut State, _: &Signed, link: &DuplicateLink) {
    if link.freezes() {
        state.continues_as = Some(link.continues);
    } else {
        state.duplicates.push(link.other);
    }
}

pub(in crate::path) fn fold_unlink(state: &mut State, _: &Signed, unlink: &DuplicateUnlink) {
    state.continues_as = state.continues_as.filter(|other| *other != unlink.other);
    state.duplicates.retain(|other| *other != unlink.other);
}

/// Freezes a path in favour of another one: the event of each stream, none when it has already
/// happened.
///
/// # Errors
/// The rule of either stream that forbids it.
pub fn link(
    frozen: &Beneficiary,
    continuing: &Beneficiary,
    command: BeneficiaryCommand,
    context: &Context,
) -> Result<Option<(BeneficiaryEvent, BeneficiaryEvent)>, Refusal> {
    let Some(own) = decide(frozen, command, context)?.pop() else { return Ok(None) };
    let Fact::DuplicateLinked(link) = &own.fact else {
        return Err(Refusal::Disagree { field: "continues", other: "id" });
    };
    check_same_programme(frozen, continuing, link.other)?;
    let id = BeneficiaryId(context.subject);
    let theirs = DuplicateLink { other: id, continues: link.continues };
    let theirs = BeneficiaryEvent { fact: Fact::DuplicateLinked(theirs), ..own.clone() };
    lawful(continuing.state(), &theirs, &context.programme, link.other.0)?;
    Ok(Some((own, theirs)))
}

fn check_same_programme(
    frozen: &Beneficiary,
    continuing: &Beneficiary,
    other: BeneficiaryId,
) -> Result<(), Refusal> {
    let programme = |path: &Beneficiary| {
        path.state().registration.as_ref().map(|registration| registration.programme)
    };
    if programme(continuing).is_none() {
        let name = other.to_string();
        return Err(Refusal::Unknown { item: Item::Path, name, field: "continues" });
    }
    if programme(frozen) == programme(continuing) {
        return Ok(());
    }
    Err(Refusal::OtherProgramme { item: Item::Path, name: other.to_string() })
}

/// Takes a link back: the event of each stream, none when it has already happened. The reason stays
/// in the stream of the path that was frozen, under its person's key.
///
/// # Errors
/// The rule of either stream that forbids it.
pub fn unlink(
    frozen: &Beneficiary,
    continuing: &Beneficiary,
    command: BeneficiaryCommand,
    context: &Context,
) -> Result<Option<(BeneficiaryEvent, BeneficiaryEvent)>, Refusal> {
    let Some(own) = decide(frozen, command, context)?.pop() else { return Ok(None) };
    let Fact::DuplicateUnlinked(unlink) = &own.fact else {
        return Err(Refusal::Disagree { field: "continues", other: "id" });
    };
    let other = unlink.other;
    let theirs = DuplicateUnlink { other: BeneficiaryId(context.subject), reason: None };
    let theirs = BeneficiaryEvent { fact: Fact::DuplicateUnlinked(theirs), ..own.clone() };
    lawful(continuing.state(), &theirs, &context.programme, other.0)?;
    Ok(Some((own, theirs)))
}
