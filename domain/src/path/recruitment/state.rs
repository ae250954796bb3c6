//! What an assessment, an interview and a selection leave in the state.

use chrono::NaiveDate;

use super::facts::{Decision, Eligibility, InterviewSheet, Outcome, Selection};
use crate::path::declare::parts;
use crate::path::stage::{ClosedBecause, Stage};
use crate::path::state::{Signed, State};
use crate::values::{ActorId, Score};

parts! {
    /// The last conclusion of eligibility.
    EligibilityState {
        /// Day of the assessment.
        on: NaiveDate,
        /// The member of staff who assessed.
        by: ActorId,
        /// The outcome of each rule, and the conclusion.
        #[serde(flatten)]
        assessment: Eligibility,
    }

    /// The last interview.
    InterviewState {
        /// Day of the interview.
        on: NaiveDate,
        /// The interviewer, who may not decide the selection.
        by: ActorId,
        /// Total out of 100.
        total: Score,
    }

    /// The last decision of selection.
    SelectionState {
        /// Day of the decision.
        on: NaiveDate,
        /// The member of the committee who recorded it.
        by: ActorId,
        /// The decision, and how it was taken.
        #[serde(flatten)]
        selection: Selection,
    }
}

pub(in crate::path) fn fold_eligibility(
    state: &mut State,
    signed: &Signed,
    assessment: &Eligibility,
) {
    // What is still to be proved closes nothing: a later assessment settles it.
    let is_refused =
        !assessment.eligible && assessment.rules.iter().any(|rule| rule.outcome == Outcome::NotMet);
    match state.closed_because {
        Some(ClosedBecause::NotSelected) => state.looked_at_again(signed.on),
        _ => state.close_or_open(is_refused.then_some(ClosedBecause::NotEligible), signed.on),
    }
    let (on, by, assessment) = (signed.on, signed.by.clone(), assessment.clone());
    state.eligibility = Some(EligibilityState { on, by, assessment });
}

pub(in crate::path) fn fold_interview(state: &mut State, signed: &Signed, sheet: &InterviewSheet) {
    state.looked_at_again(signed.on);
    let (on, by) = (signed.on, signed.by.clone());
    state.interview = Some(InterviewState { on, by, total: sheet.total });
}

pub(in crate::path) fn fold_selection(state: &mut State, signed: &Signed, selection: &Selection) {
    if selection.decision == Decision::Selected {
        state.stage = Stage::Training;
    }
    let is_refused = selection.decision == Decision::NotSelected;
    state.close_or_open(is_refused.then_some(ClosedBecause::NotSelected), signed.on);
    let (on, by, selection) = (signed.on, signed.by.clone(), selection.clone());
    state.selection = Some(SelectionState { on, by, selection });
}
