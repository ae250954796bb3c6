//! The facts of a cohort, as they are stored for ever.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::ModuleCode;
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

/// A seat that a beneficiary takes or gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The beneficiary whose seat it is.
    pub beneficiary: BeneficiaryId,
}

/// One session's register, by its counts: who was there stands in each one's own path, recorded in
/// the same append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterCounts {
    /// The session that the register is of.
    pub session: CohortCode,
    /// Members who were there.
    pub present: u32,
    /// Members who were not.
    pub absent: u32,
}

/// Nothing more to say than the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {}

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
    CohortClosed(Closing),
}

/// Every type of fact of a cohort: name, version, and what it is called in French and English.
pub const COHORT_FACTS: &[(&str, &str, &str, &str)] = &[
    ("CohortPlanned", "1.0", "Groupe planifié", "Cohort planned"),
    ("SessionScheduled", "1.0", "Séance programmée", "Session scheduled"),
    ("SeatTaken", "1.0", "Place prise", "Seat taken"),
    ("SeatReturned", "1.0", "Place libérée", "Seat returned"),
    ("RegisterRecorded", "1.0", "Feuille de présence", "Register recorded"),
    ("CohortClosed", "1.0", "Groupe clos", "Cohort closed"),
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
