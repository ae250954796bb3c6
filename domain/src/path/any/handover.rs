//! A path handed over to another office: until the office that takes over accepts it or returns it, both see
//! it, and who handed it over may take the transfer back (a retraction).

use chrono::NaiveDate;

use super::status::Transfer;
use crate::path::case::Case;
use crate::path::declare::{bodies, parts};
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::state::{Signed, State};
use crate::reference::RegionCode;
use crate::refusal::{Item, Refusal};
use crate::values::{ActorId, OfficeCode, Sealed};

bodies! {
    /// Accepts a path that was handed over.
    TransferAcceptance {
        /// The adviser who takes charge; whoever accepts, when they are an adviser, or nobody yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        adviser: Option<ActorId>,
    }

    /// Asks to return a path to the office that handed it over.
    TransferRefusal {
        /// Reason in free text.
        reason: Sealed,
    }

    /// A path that goes back to the office that handed it over.
    TransferReturn {
        /// The office that returns it.
        from_office: OfficeCode,
        /// The office that it goes back to.
        office: OfficeCode,
        /// Region of residence, as before the transfer.
        region: RegionCode,
        /// Reason in free text.
        reason: Sealed,
    }
}

parts! {
    /// A transfer that waits to be accepted.
    HandoverState {
        /// Day of the transfer.
        on: NaiveDate,
        /// The office that handed the path over.
        from_office: OfficeCode,
        /// Region of residence before it.
        from_region: RegionCode,
        /// The adviser in charge before it.
        #[serde(skip_serializing_if = "Option::is_none")]
        from_adviser: Option<ActorId>,
    }
}

/// Whoever accepts as an adviser takes charge, unless another is named.
pub(in crate::path) fn accept(asked: &Asked, request: TransferAcceptance) -> TransferAcceptance {
    let context = asked.context;
    let office = asked.path.state().office.as_ref();
    let takes_charge = request.adviser.is_none()
        && context.role == crate::role::Role::Adviser
        && office.is_some_and(|office| {
            context.programme.check_adviser(&context.actor, office, asked.on).is_ok()
        });
    let own = takes_charge.then(|| context.actor.clone());
    TransferAcceptance { adviser: request.adviser.or(own) }
}

/// Returns the path to where it came from; a retry says the same again.
pub(in crate::path) fn give_back(
    asked: &Asked,
    request: TransferRefusal,
) -> Result<TransferReturn, Refusal> {
    let reason = request.reason;
    let state = asked.path.state();
    if let (Some(handover), Some(from_office)) = (&state.handover, state.office.clone()) {
        let (office, region) = (handover.from_office.clone(), handover.from_region);
        return Ok(TransferReturn { from_office, office, region, reason });
    }
    let last = asked.path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::TransferReturned(last) => {
            Some(TransferReturn { reason: reason.clone(), ..last.clone() })
        }
        _ => None,
    });
    last.ok_or_else(none_waits)
}

fn none_waits() -> Refusal {
    Refusal::none_open(Item::Transfer, "office", [])
}

/// A transfer waits to be accepted.
pub(in crate::path) fn one_to_accept(case: &Case) -> Result<(), Refusal> {
    case.state.handover.as_ref().map(drop).ok_or_else(none_waits)
}

/// A return goes to the office that handed the path over.
pub(in crate::path) fn check_return(case: &Case, back: &TransferReturn) -> Result<(), Refusal> {
    let is_same = |handover: &HandoverState| {
        (&handover.from_office, handover.from_region) == (&back.office, back.region)
            && case.state.office.as_ref() == Some(&back.from_office)
    };
    if case.state.handover.as_ref().is_some_and(is_same) {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "office", other: "from_office" })
}

/// What a transfer leaves where it waits to be accepted; one of before that was asked is accepted at once.
pub(super) fn handed_over(
    state: &State,
    signed: &Signed,
    transfer: &Transfer,
) -> Option<HandoverState> {
    let from_region = state.region.filter(|_| transfer.to_accept)?;
    Some(HandoverState {
        on: signed.on,
        from_office: transfer.from_office.clone(),
        from_region,
        from_adviser: state.adviser.clone(),
    })
}

pub(in crate::path) fn fold_acceptance(
    state: &mut State,
    _: &Signed,
    acceptance: &TransferAcceptance,
) {
    state.handover = None;
    if acceptance.adviser.is_some() {
        state.adviser.clone_from(&acceptance.adviser);
    }
}

pub(in crate::path) fn fold_return(state: &mut State, signed: &Signed, back: &TransferReturn) {
    state.past.note_handover(signed.on, back.from_office.clone());
    state.office = Some(back.office.clone());
    state.region = Some(back.region);
    state.adviser = state.handover.take().and_then(|handover| handover.from_adviser);
}
