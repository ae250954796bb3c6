//! Grievances: lodged, numbered, answered.

use chrono::NaiveDate;

use crate::path::case::{Case, check_next_number};
use crate::path::decide::Asked;
use crate::path::declare::{bodies, parts};
use crate::path::fact::Fact;
use crate::path::state::{Signed, State};
use crate::reference::{GrievanceCategory, GrievanceChannel, GrievanceOutcome};
use crate::refusal::{Item, Refusal};
use crate::values::Sealed;

bodies! {
    /// A grievance, as lodged.
    GrievanceRequest {
        /// Subject of the grievance, from its list.
        category: GrievanceCategory,
        /// Channel by which it came in.
        channel: GrievanceChannel,
        /// Grievance in the person's words.
        text: Sealed,
    }

    /// A grievance, numbered.
    Grievance {
        /// Number within the path, from 1.
        grievance: u32,
        /// Subject of the grievance, from its list.
        category: GrievanceCategory,
        /// Channel by which it came in.
        channel: GrievanceChannel,
        /// Grievance in the person's words.
        text: Sealed,
    }

    /// An answer to a grievance.
    GrievanceAnswer {
        /// Number of the grievance.
        grievance: u32,
        /// Outcome, from its list.
        outcome: GrievanceOutcome,
        /// The answer given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Sealed>,
    }
}

parts! {
    /// A grievance, open until it is answered.
    GrievanceState {
        /// Number within the path, from 1.
        grievance: u32,
        /// Subject of the grievance.
        category: GrievanceCategory,
        /// Day it was lodged.
        lodged_on: NaiveDate,
        /// Day it was resolved, and how; none while it is open.
        #[serde(skip_serializing_if = "Option::is_none")]
        resolved: Option<(NaiveDate, GrievanceOutcome)>,
    }
}

/// Numbers a grievance as the next one of the path.
pub(in crate::path) fn lodge(asked: &Asked, grievance: GrievanceRequest) -> Grievance {
    Grievance {
        grievance: asked.next_number(|fact| matches!(fact, Fact::GrievanceLodged(_))),
        category: grievance.category,
        channel: grievance.channel,
        text: grievance.text,
    }
}

/// A grievance has a number after the last one.
pub(in crate::path) fn check_grievance(case: &Case, grievance: &Grievance) -> Result<(), Refusal> {
    let last = case.state.grievances.last().map_or(0, |last| last.grievance);
    check_next_number(Item::Grievance, last, grievance.grievance)
}

/// A grievance waits for its answer.
pub(in crate::path) fn one_open(case: &Case) -> Result<(), Refusal> {
    let grievances = &case.state.grievances;
    if grievances.iter().any(|grievance| grievance.resolved.is_none()) {
        return Ok(());
    }
    let numbers = grievances.iter().map(|grievance| grievance.grievance);
    Err(Refusal::none_open(Item::Grievance, "grievance", numbers))
}

/// An answer is to a grievance that waits for it.
pub(in crate::path) fn check_answer(case: &Case, answer: &GrievanceAnswer) -> Result<(), Refusal> {
    let name = answer.grievance.to_string();
    let grievance = case.state.grievances.iter().find(|one| one.grievance == answer.grievance);
    match grievance {
        None => Err(Refusal::Unknown { item: Item::Grievance, name, field: "grievance" }),
        Some(answered) if answered.resolved.is_some() => {
            Err(Refusal::Settled { item: Item::Grievance, name })
        }
        Some(_) => Ok(()),
    }
}

pub(in crate::path) fn fold_grievance(state: &mut State, signed: &Signed, grievance: &Grievance) {
    state.grievances.push(GrievanceState {
        grievance: grievance.grievance,
        category: grievance.category,
        lodged_on: signed.on,
        resolved: None,
    });
}

pub(in crate::path) fn fold_answer(state: &mut State, signed: &Signed, answer: &GrievanceAnswer) {
    let number = answer.grievance;
    if let Some(open) = state.grievances.iter_mut().find(|open| open.grievance == number) {
        open.resolved = Some((signed.on, answer.outcome));
    }
}
