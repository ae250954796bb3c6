//! Two registrations that may be one person's: which path continues, that they are two people after all, and
//! taking either back. Each decision is written to both streams, in one append.

use super::status::Reason;
use crate::context::Context;
use crate::path::case::Case;
use crate::path::declare::bodies;
use crate::path::event::BeneficiaryEvent;
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::path::{Beneficiary, BeneficiaryCommand, decide, lawful};
use crate::programme::Programme;
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

    /// What is decided of two paths that may be one person's.
    PairRequest {
        /// The other path.
        other: BeneficiaryId,
        /// Reason, sealed and kept in the stream of the path that the command is sent to.
        reason: Sealed,
    }

    /// What was decided of two paths that may be one person's; written to both streams.
    PairDecision {
        /// The other path.
        other: BeneficiaryId,
        /// Reason, sealed, in the stream of the path that the decision was sent to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}

impl PairDecision {
    /// Tells whether it stands in the stream of the path that the decision was sent to: the reason is kept
    /// there alone.
    pub(in crate::path) fn is_sent(&self) -> bool {
        self.reason.is_some()
    }
}

/// The decision as an event of the path that it was sent to.
pub(in crate::path) fn decided(
    _: &Asked,
    PairRequest { other, reason }: PairRequest,
) -> PairDecision {
    PairDecision { other, reason: Some(reason) }
}

impl DuplicateLink {
    /// Tells whether it freezes the path in whose stream it stands.
    #[must_use]
    pub fn freezes(&self) -> bool {
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

/// Two paths that stand by themselves are told apart, and once.
pub(in crate::path) fn check_dismissal(case: &Case, pair: &PairDecision) -> Result<(), Refusal> {
    let (other, state) = (pair.other, case.state);
    if other == BeneficiaryId(case.subject) {
        return Err(Refusal::Disagree { field: "other", other: "id" });
    }
    let settled = |item| Err(Refusal::Settled { item, name: other.to_string() });
    if state.duplicates.contains(&other) || state.continues_as == Some(other) {
        return settled(Item::Link);
    }
    if state.dismissed.contains(&other) { settled(Item::Dismissal) } else { Ok(()) }
}

/// Only what was told apart is looked at again.
pub(in crate::path) fn check_reconsideration(
    case: &Case,
    pair: &PairDecision,
) -> Result<(), Refusal> {
    if case.state.dismissed.contains(&pair.other) {
        return Ok(());
    }
    let name = pair.other.to_string();
    Err(Refusal::Unknown { item: Item::Dismissal, name, field: "other" })
}

pub(in crate::path) fn fold_dismissal(state: &mut State, _: &Signed, pair: &PairDecision) {
    state.dismissed.push(pair.other);
}

pub(in crate::path) fn fold_reconsideration(state: &mut State, _: &Signed, pair: &PairDecision) {
    state.dismissed.retain(|other| *other != pair.other);
}

/// A link takes back that the two were told apart.
pub(in crate::path) fn fold_link(state: &mut State, _: &Signed, link: &DuplicateLink) {
    state.dismissed.retain(|other| *other != link.other);
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

/// Tells two paths apart, or lets them be looked at again, of one programme or of two: the event of each
/// stream, none when it has already happened. The other path's programme judges its own event.
///
/// # Errors
/// The rule of either stream that forbids it.
pub fn judge_pair(
    sent: &Beneficiary,
    other: (&Beneficiary, &Programme),
    command: BeneficiaryCommand,
    context: &Context,
) -> Result<Option<(BeneficiaryEvent, BeneficiaryEvent)>, Refusal> {
    let Some(own) = decide(sent, command, context)?.pop() else { return Ok(None) };
    let mirrored = |id| PairDecision { other: id, reason: None };
    let mine = BeneficiaryId(context.subject);
    let (id, fact) = match &own.fact {
        Fact::DuplicateDismissed(pair) => (pair.other, Fact::DuplicateDismissed(mirrored(mine))),
        Fact::DuplicateReconsidered(pair) => {
            (pair.other, Fact::DuplicateReconsidered(mirrored(mine)))
        }
        _ => return Err(Refusal::Disagree { field: "other", other: "id" }),
    };
    let (path, programme) = other;
    if path.state().registration.is_none() {
        let name = id.to_string();
        return Err(Refusal::Unknown { item: Item::Path, name, field: "other" });
    }
    let (rules, _) = programme.rules_on(own.occurred_on);
    let theirs = BeneficiaryEvent { rules, fact, ..own.clone() };
    lawful(path.state(), &theirs, programme, id.0)?;
    context.check_backdating_in(programme, theirs.occurred_on, theirs.backdating_reason)?;
    Ok(Some((own, theirs)))
}
