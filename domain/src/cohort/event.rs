//! The facts of a cohort, as they are stored for ever.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::facts::{Nothing, Presence};
use crate::reference::{BackdatingReason, ModuleCode};
use crate::retraction::{ClearReason, ClearRetraction};
use crate::values::{ActorId, BeneficiaryId, OfficeCode, Period, ProgrammeId, Slug, Text, Within};

/// Most seats of a cohort: one register is one append.
pub const SEATS_MAX: u32 = 200;

/// One event of a cohort's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CohortEvent {
    /// The day on which it happened.
    pub occurred_on: NaiveDate,
    /// The member of staff who recorded it.
    pub by: ActorId,
    /// The reason for which it was recorded later than the programme allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdating_reason: Option<BackdatingReason>,
    /// The fact itself.
    pub fact: CohortFact,
}

/// A training group as planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CohortPlan {
    /// The programme that the group belongs to.
    pub programme: ProgrammeId,
    /// The cohort's own word, unique in its programme.
    pub code: CohortCode,
    /// The office in charge.
    pub office: OfficeCode,
    /// Place in which it is held.
    pub centre: Text<120>,
    /// Seats, 1 to 200.
    pub capacity: Within<1, SEATS_MAX>,
    /// Modules that are taught.
    pub modules: Vec<ModuleCode>,
    /// The member of staff who teaches.
    pub trainer: ActorId,
    /// From the first day to the last.
    pub period: Period,
}

/// A cohort's own word: 1 to 29 characters of `a-z 0-9 _ - .`, so that with a session's own word it
/// names that session in a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CohortCode(Slug);

impl CohortCode {
    /// Longest word, in bytes.
    const MAX_BYTES: usize = 29;

    /// Checks and keeps a word.
    ///
    /// # Errors
    /// [`crate::values::ValueError`] with the rule `code_form`.
    pub fn try_new(word: &str) -> Result<Self, crate::values::ValueError> {
        let form = || crate::values::ValueError::new("code_form", "[a-z0-9_.-]{1,29}");
        let slug = Slug::try_new(word).map_err(|_| form())?;
        if word.len() > Self::MAX_BYTES { Err(form()) } else { Ok(Self(slug)) }
    }

    /// The word as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
crate::values::text_value!(CohortCode, "[a-z0-9_.-]{1,29}", "A cohort's or a session's own word.");

/// A session to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPlan {
    /// The session's own word, unique in its cohort.
    pub session: CohortCode,
    /// Day on which it is held.
    pub on: NaiveDate,
    /// Length in whole hours.
    pub hours: Within<0, 24>,
    /// Minutes beyond the whole hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<Within<0, 59>>,
    /// The module, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<ModuleCode>,
}

impl SessionPlan {
    /// Length in minutes.
    #[must_use]
    pub fn length_minutes(&self) -> u32 {
        self.hours.get() * 60 + self.minutes.map_or(0, Within::get)
    }
}

/// A seat that a beneficiary takes or gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The beneficiary whose seat it is.
    pub beneficiary: BeneficiaryId,
}

/// One session's register, by its counts: who was there stands in each one's own path, recorded in
/// the same append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCounts {
    /// The session that the register is of.
    pub session: CohortCode,
    /// Members who were there.
    pub present: u32,
    /// Members who were not.
    pub absent: u32,
}

/// A session that is moved to another day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionMove {
    /// The session that is moved.
    pub session: CohortCode,
    /// Day on which it is held instead.
    pub on: NaiveDate,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// A session that is not held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionCancellation {
    /// The session that is cancelled.
    pub session: CohortCode,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// What changes in a cohort's plan; what is left out stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CohortAmendment {
    /// Seats, 1 to 200; not below those that are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Within<1, SEATS_MAX>>,
    /// Place in which it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<Text<120>>,
    /// The member of staff who teaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trainer: Option<ActorId>,
    /// From the first day to the last; it holds the sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Modules that are taught; those of sessions among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modules: Option<Vec<ModuleCode>>,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// A line of a register that was put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectedLine {
    /// The member.
    pub beneficiary: BeneficiaryId,
    /// As it was told; none of a member who had no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Presence>,
    /// As it was.
    pub after: Presence,
}

/// One session's register, put right, with its counts as they stand. Each line stands in its member's own
/// path too, recorded in the same append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterCorrection {
    /// The session that the register is of.
    pub session: CohortCode,
    /// Members who were there.
    pub present: u32,
    /// Members who were not.
    pub absent: u32,
    /// The lines that changed.
    pub lines: Vec<CorrectedLine>,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// A fact in the life of a cohort. Seats are taken and given back with the beneficiaries' own events, in
/// one append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CohortFact {
    /// The cohort was planned.
    CohortPlanned(CohortPlan),
    /// A session was scheduled.
    SessionScheduled(SessionPlan),
    /// A seat was taken.
    SeatTaken(Seat),
    /// A seat was given back.
    SeatReturned(Seat),
    /// A session's register was recorded.
    RegisterRecorded(RegisterCounts),
    /// The cohort was closed.
    CohortClosed(Nothing),
    /// A session's register was put right.
    RegisterCorrected(RegisterCorrection),
    /// A session was moved to another day.
    SessionMoved(SessionMove),
    /// A session was cancelled.
    SessionCancelled(SessionCancellation),
    /// The plan was changed.
    CohortAmended(CohortAmendment),
    /// A fact of the cohort was taken back.
    CohortFactRetracted(ClearRetraction),
}

/// Every type of fact of a cohort: name, version, and what it is called in French and English.
pub const COHORT_FACTS: &[(&str, &str, &str, &str)] = &[
    ("CohortPlanned", "1.0", "Groupe planifié", "Cohort planned"),
    ("SessionScheduled", "1.0", "Séance programmée", "Session scheduled"),
    ("SeatTaken", "1.0", "Place prise", "Seat taken"),
    ("SeatReturned", "1.0", "Place libérée", "Seat returned"),
    ("RegisterRecorded", "1.0", "Feuille de présence", "Register recorded"),
    ("CohortClosed", "1.0", "Groupe clos", "Cohort closed"),
    ("RegisterCorrected", "1.0", "Feuille de présence corrigée", "Register corrected"),
    ("SessionMoved", "1.0", "Séance déplacée", "Session moved"),
    ("SessionCancelled", "1.0", "Séance annulée", "Session cancelled"),
    ("CohortAmended", "1.0", "Groupe modifié", "Cohort amended"),
    (
        "CohortFactRetracted",
        "1.0",
        "Retrait d'un événement du groupe",
        "Event of the cohort retracted",
    ),
];

impl CohortFact {
    /// The type's name in the journal.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::CohortPlanned(_) => "CohortPlanned",
            Self::SessionScheduled(_) => "SessionScheduled",
            Self::SeatTaken(_) => "SeatTaken",
            Self::SeatReturned(_) => "SeatReturned",
            Self::RegisterRecorded(_) => "RegisterRecorded",
            Self::CohortClosed(_) => "CohortClosed",
            Self::RegisterCorrected(_) => "RegisterCorrected",
            Self::SessionMoved(_) => "SessionMoved",
            Self::SessionCancelled(_) => "SessionCancelled",
            Self::CohortAmended(_) => "CohortAmended",
            Self::CohortFactRetracted(_) => "CohortFactRetracted",
        }
    }
}

impl DomainEvent for CohortEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}
