//! What an assessment, an interview and a selection say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::declare::bodies;
use crate::reference::SelectionMethod;
use crate::values::{Score, Sealed, Slug, Within};

/// A decision of selection.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Goes on to training.
    Selected,
    /// Waits for a place.
    Waitlisted,
    /// Does not go on; may be decided again at a later session.
    NotSelected,
}

/// The outcome of a rule of eligibility.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule is met.
    Met,
    /// The rule is not met.
    NotMet,
    /// What is known leaves it open: a year of birth alone, where the birthday decides.
    ToBeProved,
}

/// What an age was counted from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AgeBasis {
    /// The exact birth date, which stays sealed.
    BirthDate,
    /// The year of birth alone.
    BirthYear,
}

bodies! {
    /// One rule of the programme and its outcome.
    RuleOutcome {
        /// The rule, by its word.
        rule: Slug,
        /// Outcome of the rule.
        outcome: Outcome,
    }

    /// The age that a person was assessed by.
    AgeFound {
        /// What it was counted from.
        basis: AgeBasis,
        /// Completed years on the day of the assessment; by the year alone, those of whoever had their
        /// birthday already.
        years: u32,
    }

    /// An assessment of eligibility as the rules computed it.
    Eligibility {
        /// Every rule with its outcome.
        rules: Vec<RuleOutcome>,
        /// True when the person is eligible, after any override.
        eligible: bool,
        /// Reason of the director who overrode the rules, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
        /// The age that it rests on. None of an event that was stored when calendar years were counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        age: Option<AgeFound>,
    }

    /// Asks for an assessment of eligibility.
    EligibilityRequest {
        /// A director's reason to call the person eligible against the rules.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<Sealed>,
        /// Completed years on the day of the assessment, where the birth date is known. Whoever opens the
        /// identity says them; a caller cannot.
        #[serde(skip)]
        completed_years: Option<u32>,
    }

    /// One criterion of a score sheet.
    CriterionScore {
        /// The criterion, by its word.
        criterion: Slug,
        /// Points given for the criterion.
        score: Score,
        /// Points that can be had.
        out_of: Within<1, 100>,
    }

    /// An interview's score sheet.
    Interview {
        /// Criterion by criterion, 1 to 20 of them.
        scores: Vec<CriterionScore>,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// An interview with its total.
    InterviewSheet {
        /// Criterion by criterion.
        scores: Vec<CriterionScore>,
        /// Points given over points that can be had, out of 100, rounded down.
        total: Score,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A selection decision.
    Selection {
        /// The decision that was taken.
        decision: Decision,
        /// Method by which it was decided.
        method: SelectionMethod,
        /// The committee's session, or the lottery recorded on the programme.
        session: Slug,
        /// Rank on the list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<Within<1, 1_000_000>>,
        /// Reason in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}
