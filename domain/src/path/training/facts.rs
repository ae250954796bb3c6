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

/// Minutes of a session that somebody was there for: less than a day, and at least one.
pub type MinutesPresent = Within<1, 1_440>;

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
        /// Minutes that the person was there, where it was for a part of the session alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes_present: Option<MinutesPresent>,
    }

    /// How a session is told to have been attended.
    Presence {
        /// True when the person was there.
        present: bool,
        /// Minutes that the person was there, where it was for a part of the session alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes_present: Option<MinutesPresent>,
    }

    /// Attendance at one session, put right with its group's register.
    AttendanceCorrection {
        /// The session, by its own word in the path.
        session: Slug,
        /// As it was told.
        before: Presence,
        /// As it was.
        after: Presence,
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

    /// Asks to complete the training attended.
    CompletionRequest {
        /// Minutes of the sessions of the training group. Whoever looks the group up says them; a caller
        /// cannot.
        #[serde(skip)]
        cohort_minutes: Option<u32>,
    }

    /// A completed training.
    Completion {
        /// Attended or recognised.
        basis: TrainingBasis,
        /// The training group whose sessions were planned. None when the person has no seat, and of an event
        /// that was stored when only the sessions recorded in the path were counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cohort: Option<CohortId>,
        /// Minutes attended, when attended; at most those planned.
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

impl Attendance {
    /// How the session was attended.
    #[must_use]
    pub const fn presence(&self) -> Presence {
        Presence { present: self.present, minutes_present: self.minutes_present }
    }
}

impl Presence {
    /// Minutes that were attended of a session of `length` minutes.
    #[must_use]
    pub fn minutes_of(&self, length: u32) -> u32 {
        match (self.present, self.minutes_present) {
            (false, _) => 0,
            (true, None) => length,
            (true, Some(minutes)) => minutes.get().min(length),
        }
    }
}

impl Completion {
    /// Tells whether the training was done elsewhere or before the system.
    #[must_use]
    pub fn is_recognised(&self) -> bool {
        self.basis == TrainingBasis::Recognised
    }
}
