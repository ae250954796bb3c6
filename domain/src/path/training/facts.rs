//! What a seat, a session, a module and a completed training say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::declare::bodies;
use crate::reference::ModuleCode;
use crate::values::{CohortId, Score, Sealed, Slug, Within};

/// The way in which a training was completed.
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
        /// The training group, by its id.
        cohort: CohortId,
    }

    /// Asks to give the seat back.
    SeatReturn {
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// A seat given back.
    Withdrawal {
        /// The training group, by its id.
        cohort: CohortId,
        /// Remarks in free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<Sealed>,
    }

    /// Attendance at one session; the day of the session is the day of the fact.
    Attendance {
        /// The session, by its own word in the path.
        session: Slug,
        /// Whole hours of the session.
        hours: Within<0, 24>,
        /// Minutes beyond the whole hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<Within<0, 59>>,
        /// True when the person was there.
        present: bool,
    }

    /// A module's assessment.
    ModuleScore {
        /// The module that is assessed.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
    }

    /// A module's assessment, judged by the rules.
    Assessment {
        /// The module that is assessed.
        module: ModuleCode,
        /// Points out of 100.
        score: Score,
        /// True when the pass mark of the day was met.
        passed: bool,
    }

    /// A training done elsewhere or before the system.
    Recognition {
        /// Description of the proof, such as a certificate.
        proof: Sealed,
        /// Reason for which it is recognised.
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
        /// Description of the proof of a recognised training.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Sealed>,
        /// Reason for which it was recognised.
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
    /// Tells whether the training was done elsewhere or before the system.
    #[must_use]
    pub fn is_recognised(&self) -> bool {
        self.basis == TrainingBasis::Recognised
    }
}
