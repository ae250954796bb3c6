//! What a seat, a session, a module and a completed training say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::declare::bodies;
use crate::reference::ModuleCode;
use crate::values::{CohortId, Score, Sealed, Slug, Within};

/// How training was completed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TrainingBasis {
    /// Attended in the programme.
    Attended,
    /// Done elsewhere or before the system, with its proof.
    Recognised,
}

bodies! {
    /// A seat in a training group.
    Enrolment {
        /// The cohort.
        cohort: CohortId,
    }

    /// Asks to give the seat back.
    SeatReturn {
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A seat given back.
    Withdrawal {
        /// The cohort.
        cohort: CohortId,
        /// Remarks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// Attendance at one session; the day of the session is the day of the fact.
    Attendance {
        /// The session.
        session: Slug,
        /// Whole hours of the session.
        hours: Within<0, 24>,
        /// Minutes beyond the whole hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<Within<0, 59>>,
        /// Whether the person was there.
        present: bool,
    }

    /// A module's assessment.
    ModuleScore {
        /// The module.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
    }

    /// A module's assessment, judged by the rules.
    Assessment {
        /// The module.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
        /// Whether the pass mark was met.
        passed: bool,
    }

    /// A training done elsewhere or before the system.
    Recognition {
        /// What proves it.
        proof: Sealed,
        /// Why it is recognised.
        reason: Sealed,
        /// The modules that it covers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modules: Vec<ModuleCode>,
    }

    /// A completed training.
    Completion {
        /// Attended or recognised.
        basis: TrainingBasis,
        /// Minutes attended, when attended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attended_minutes: Option<u32>,
        /// Minutes planned, when attended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned_minutes: Option<u32>,
        /// The modules passed or recognised.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modules: Vec<ModuleCode>,
        /// What proves a recognised training.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Sealed>,
        /// Why it was recognised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Sealed>,
    }
}

impl Attendance {
    /// Length of the session in minutes.
    #[must_use]
    pub fn length_minutes(&self) -> u32 {
        self.hours.get() * 60 + self.minutes.map_or(0, Within::get)
    }
}

impl Completion {
    /// Whether the training was done elsewhere or before the system.
    #[must_use]
    pub fn is_recognised(&self) -> bool {
        self.basis == TrainingBasis::Recognised
    }
}
