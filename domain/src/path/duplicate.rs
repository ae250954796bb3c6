//! Two registrations of one person: which path continues, and taking that back. Both decisions are
//! written to both streams, in one append.

use super::event::{BeneficiaryEvent, Fact};
use super::facts::{DuplicateClaim, DuplicateLink, DuplicateUnlink, Reason};
use super::lawful::Case;
use super::{Beneficiary, BeneficiaryCommand, decide, lawful};
use crate::context::Context;
use crate::refusal::{Item, Refusal};
use crate::values::BeneficiaryId;

/// The path that a frozen one continues as; in a retry of an unlinking, the one it was linked to.
fn linked_to(path: &Beneficiary) -> Result<BeneficiaryId, Refusal> {
    let last = || {
        path.standing().rev().find_map(|(_, event)| match &event.fact {
            Fact::DuplicateUnlinked(unlink) if unlink.reason.is_some() => Some(unlink.other),
            _ => None,
        })
    };
    let unknown = || Refusal::Unknown { item: Item::Duplicate, name: "-".into(), field: "reason" };
    path.state().continues_as.or_else(last).ok_or_else(unknown)
}

/// The link as the frozen path's own event.
pub(super) fn linked(claim: &DuplicateClaim) -> Fact {
    let continues = claim.continues;
    Fact::DuplicateLinked(DuplicateLink { other: continues, continues })
}

/// The unlinking as the frozen path's own event.
pub(super) fn unlinked(path: &Beneficiary, reason: Reason) -> Result<Fact, Refusal> {
    let (other, reason) = (linked_to(path)?, Some(reason.reason));
    Ok(Fact::DuplicateUnlinked(DuplicateUnlink { other, reason }))
}

/// The link as one of the two streams sees it: not to itself, and no chains, so that a person has one
/// path that continues and every frozen one names it.
pub(super) fn lawful_link(case: &Case, link: &DuplicateLink) -> Result<(), Refusal> {
    let own = BeneficiaryId(case.subject);
    if link.other == own || (link.continues != own && link.continues != link.other) {
        return Err(Refusal::Disagree { field: "continues", other: "id" });
    }
    if link.continues == link.other && !case.state.duplicates.is_empty() {
        let name = case.state.duplicates[0].to_string();
        return Err(Refusal::Settled { item: Item::Duplicate, name });
    }
    Ok(())
}

/// Only what is linked is unlinked.
pub(super) fn lawful_unlink(case: &Case, unlink: &DuplicateUnlink) -> Result<(), Refusal> {
    let linked = case.state.continues_as == Some(unlink.other)
        || case.state.duplicates.contains(&unlink.other);
    if linked {
        return Ok(());
    }
    let name = unlink.other.to_string();
    Err(Refusal::Unknown { item: Item::Duplicate, name, field: "continues" })
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
