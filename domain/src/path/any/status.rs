//! Who is in charge of a path, and its pauses, exits and reopenings.

use super::handover;
use crate::path::case::Case;
use crate::path::declare::bodies;
use crate::path::event::BeneficiaryEvent;
use crate::path::fact::Fact;
use crate::path::proposal::Asked;
use crate::path::stage::{Stage, Status};
use crate::path::state::{Signed, State};
use crate::programme::Programme;
use crate::reference::{ExitReason, RegionCode, SuspensionReason};
use crate::refusal::Refusal;
use crate::values::{ActorId, CohortId, OfficeCode, Sealed};

bodies! {
    /// A reason, and nothing else.
    Reason {
        /// Reason in free text.
        reason: Sealed,
    }

    /// The adviser in charge.
    AdviserChoice {
        /// The adviser who takes charge.
        adviser: ActorId,
    }

    /// A move to another office.
    TransferRequest {
        /// The office that takes over.
        office: OfficeCode,
        /// Region of residence from then on; unchanged when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<RegionCode>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }

    /// A move from one office to another.
    Transfer {
        /// The office that hands over.
        from_office: OfficeCode,
        /// The office that takes over.
        office: OfficeCode,
        /// Region of residence from then on.
        region: RegionCode,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
        /// Tells whether the office that takes over is to accept it; an event that was stored before that was
        /// asked does not say so, and was done at once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        to_accept: bool,
    }

    /// A pause of the path.
    Suspension {
        /// Reason, from its list.
        reason: SuspensionReason,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A person who is to leave.
    ExitRequest {
        /// Reason, from its list.
        reason: ExitReason,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A person who leaves.
    Exit {
        /// Reason, from its list.
        reason: ExitReason,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
        /// The training group whose seat is given back with it. None when there is no seat to give back, and
        /// of an event that was stored when an exit kept the seat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seat: Option<CohortId>,
    }

    /// Nothing more to say than the day.
    Nothing {}
}

/// Gives the seat back with the exit, unless it was used for an attended training.
pub(in crate::path) fn leave(asked: &Asked, request: ExitRequest) -> Exit {
    let ExitRequest { reason, comment } = request;
    let state = asked.path.state();
    // A retry of the exit that gave the seat back says so again.
    let last = asked.path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::Exited(last) => Some(last.seat),
        _ => None,
    });
    let has_left = state.status == Status::Exited;
    let seat = if has_left { last.flatten() } else { seat_in_use(state) };
    Exit { reason, comment, seat }
}

fn seat_in_use(state: &State) -> Option<CohortId> {
    let is_used =
        state.training.as_ref().is_some_and(|training| !training.completion.is_recognised());
    state.enrolment.as_ref().filter(|_| !is_used).map(|seat| seat.cohort)
}

/// A seat given back with an exit is the one that the path holds, and was taken by that day.
pub(in crate::path) fn check_exit(case: &Case, exit: &Exit) -> Result<(), Refusal> {
    if exit.seat.is_none() {
        return Ok(());
    }
    if exit.seat != seat_in_use(case.state) {
        return Err(Refusal::Disagree { field: "cohort", other: "enrolment" });
    }
    case.state.enrolment.as_ref().map_or(Ok(()), |seat| case.not_before(seat.on))
}

/// A move from the office in charge to the one that takes over.
pub(in crate::path) fn transfer(
    asked: &Asked,
    request: TransferRequest,
) -> Result<Transfer, Refusal> {
    let state = asked.path.state();
    let (Some(office), Some(region)) = (state.office.clone(), state.region) else {
        return Err(Refusal::NotRegistered);
    };
    // A retry of the transfer that brought the path here says where it came from, not where it is.
    let last = asked.path.standing().rev().find_map(|(_, event)| match &event.fact {
        Fact::Transferred(last) if last.office == request.office => Some(last.clone()),
        _ => None,
    });
    let (from_office, to_accept) = last
        .filter(|_| office == request.office)
        .map_or((office, true), |last| (last.from_office, last.to_accept));
    Ok(Transfer {
        from_office,
        office: request.office,
        region: request.region.unwrap_or(region),
        reason: request.reason,
        to_accept,
    })
}

/// An adviser who takes charge is one of the office, by the programme's directory on that day. It is asked of
/// commands alone: who was assigned before there was a directory stays assigned lawfully.
pub(in crate::path) fn check_directory(
    state: &State,
    event: &BeneficiaryEvent,
    programme: &Programme,
) -> Result<(), Refusal> {
    let (adviser, office) = match &event.fact {
        Fact::Registered(new) => (new.adviser.as_ref(), Some(&new.office)),
        Fact::AdviserAssigned(choice) => (Some(&choice.adviser), state.office.as_ref()),
        Fact::TransferAccepted(acceptance) => (acceptance.adviser.as_ref(), state.office.as_ref()),
        _ => (None, None),
    };
    match (adviser, office) {
        (Some(adviser), Some(office)) => {
            programme.check_adviser(adviser, office, event.occurred_on)
        }
        _ => Ok(()),
    }
}

/// A transfer leaves the office in charge for another one that is open.
pub(in crate::path) fn check_transfer(case: &Case, transfer: &Transfer) -> Result<(), Refusal> {
    case.programme.check_office(&transfer.office, case.on)?;
    case.check_region(transfer.region)?;
    if case.state.office.as_ref() == Some(&transfer.from_office)
        && transfer.office != transfer.from_office
    {
        return Ok(());
    }
    Err(Refusal::Disagree { field: "office", other: "from_office" })
}

pub(in crate::path) fn fold_adviser(state: &mut State, _: &Signed, choice: &AdviserChoice) {
    state.adviser = Some(choice.adviser.clone());
}

pub(in crate::path) fn fold_transfer(state: &mut State, signed: &Signed, transfer: &Transfer) {
    state.handover = handover::handed_over(state, signed, transfer);
    state.past.note_handover(signed.on, transfer.from_office.clone());
    state.office = Some(transfer.office.clone());
    state.region = Some(transfer.region);
    // The adviser belongs to the office left behind.
    state.adviser = None;
}

pub(in crate::path) fn fold_suspension(state: &mut State, _: &Signed, _: &Suspension) {
    state.status = Status::Suspended;
}

pub(in crate::path) fn fold_resumption(state: &mut State, _: &Signed, _: &Nothing) {
    state.status = Status::Active;
}

pub(in crate::path) fn fold_exit(state: &mut State, signed: &Signed, exit: &Exit) {
    if exit.seat.is_some() {
        state.enrolment = None;
    }
    state.status = Status::Exited;
    state.path_closed_on = Some(signed.on);
    state.closed_because = None;
}

pub(in crate::path) fn fold_reopening(state: &mut State, _: &Signed, _: &Reason) {
    state.status = Status::Active;
    state.path_closed_on = None;
    state.closed_because = None;
    if state.stage == Stage::Completed {
        state.stage = Stage::FollowUp;
    }
}
