//! Who is in charge of a path, and its pauses, exits and reopenings.

use crate::path::case::Case;
use crate::path::decide::Asked;
use crate::path::declare::bodies;
use crate::path::fact::Fact;
use crate::path::stage::{Stage, Status};
use crate::path::state::{Signed, State};
use crate::reference::{ExitReason, RegionCode, SuspensionReason};
use crate::refusal::Refusal;
use crate::values::{ActorId, OfficeCode, Sealed};

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
    }

    /// A pause of the path.
    Suspension {
        /// Reason, from its list.
        reason: SuspensionReason,
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
    }

    /// Nothing more to say than the day.
    Nothing {}
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
    let from_office =
        last.filter(|_| office == request.office).map_or(office, |last| last.from_office);
    Ok(Transfer {
        from_office,
        office: request.office,
        region: request.region.unwrap_or(region),
        reason: request.reason,
    })
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

pub(in crate::path) fn fold_transfer(state: &mut State, _: &Signed, transfer: &Transfer) {
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

pub(in crate::path) fn fold_exit(state: &mut State, signed: &Signed, _: &Exit) {
    state.status = Status::Exited;
    state.path_closed_on = Some(signed.on);
}

pub(in crate::path) fn fold_reopening(state: &mut State, _: &Signed, _: &Reason) {
    state.status = Status::Active;
    state.path_closed_on = None;
    if state.stage == Stage::Completed {
        state.stage = Stage::FollowUp;
    }
}
