//! The facts of a programme, as they are stored for ever.

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::call::{CallEnd, OpenCall};
use super::commitment::{Commitment, CommitmentChange, Fulfilment, Review};
use super::ranking::RankedList;
use super::rules::{RuleSet, Rules};
use super::staff::{StaffNameErasure, StaffPost, StaffPostEnd};
use crate::path::facts::Sex;
use crate::reference::RegionCode;
use crate::retraction::{ClearReason, ClearRetraction};
use crate::values::{ActorId, OfficeCode, Period, Slug, Text, Within};

/// One event of a programme's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgrammeEvent {
    /// The day on which it happened.
    pub occurred_on: NaiveDate,
    /// The member of staff who recorded it.
    pub by: ActorId,
    /// The fact itself.
    pub fact: ProgrammeFact,
}

/// A party to the convention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Name of the organisation.
    pub name: Text<120>,
    /// The part that it has in the convention, such as `agency`, `implementer` or `donor`.
    pub role: Slug,
}

/// A signed convention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convention {
    /// Name of the programme.
    pub name: Text<120>,
    /// Parties, 1 to 20.
    pub parties: Vec<Party>,
    /// Day of signature, the first of the term.
    pub signed_on: NaiveDate,
    /// Term in years.
    pub term_years: Within<1, 30>,
    /// True when the convention may be renewed.
    pub renewable: bool,
    /// Receipt of the formality with the data protection authority (APDP).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_protection_receipt: Option<Text<60>>,
}

/// A renewal, from the end of the term before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// Years added to the term.
    pub term_years: Within<1, 30>,
}

/// Asks for new rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesRequest {
    /// First day on which they apply to facts.
    pub effective_from: NaiveDate,
    /// The rules, whole: what is left out has its default.
    pub rules: Rules,
}

/// A target of the convention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The indicator that is aimed at, by its name in the catalogue.
    pub indicator: Slug,
    /// The period that the target is of.
    pub period: Period,
    /// The region; all of them when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// The sex; both when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// The value aimed at, in the indicator's unit.
    pub value: Within<0, 2_000_000_000>,
}

/// An office of the programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// The code of the office, unique in the programme.
    pub office: OfficeCode,
    /// The name of the office, as people say it.
    pub name: Text<120>,
    /// The region it stands in.
    pub region: RegionCode,
}

/// Names an office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficeName {
    /// The code of the office, unique in the programme.
    pub office: OfficeCode,
}

/// Gives an office another name; its code and its region stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficeAmendment {
    /// The code of the office, unique in the programme.
    pub office: OfficeCode,
    /// The name of the office, as people say it.
    pub name: Text<120>,
    /// Reason in clear: nobody is named in it.
    pub reason: ClearReason,
}

/// A public lottery among eligible people, kept so that anyone can draw it again: the ordered list
/// and the seed give the draw ([`super::lottery::rank`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lottery {
    /// The lottery's own word, named by the decisions that follow from it.
    pub session: Slug,
    /// The ordered list of beneficiaries, 1 to 5,000 of them.
    pub entries: Vec<Uuid>,
    /// The text that was drawn in public.
    pub seed: Text<200>,
    /// Number of places to be drawn.
    pub places: Within<1, 5_000>,
}

/// A lottery as it was drawn: what was entered, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LotteryDraw {
    /// The lottery's own word.
    pub session: Slug,
    /// The ordered list of beneficiaries that was entered.
    pub entries: Vec<Uuid>,
    /// The text that was drawn in public.
    pub seed: Text<200>,
    /// Number of places that were drawn.
    pub places: Within<1, 5_000>,
    /// Every entry in the order of its lot: the first so many, as there are places, were drawn.
    pub ranked: Vec<Uuid>,
}

/// A fact in the life of a programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "rules are set a few times in a programme's life")]
pub enum ProgrammeFact {
    /// The convention was signed.
    ConventionSigned(Convention),
    /// It was renewed.
    ConventionRenewed(Renewal),
    /// Rules were set.
    RulesSet(RuleSet),
    /// A target was set.
    TargetSet(Target),
    /// An office was opened.
    OfficeOpened(Office),
    /// An office was closed.
    OfficeClosed(OfficeName),
    /// A lottery was drawn.
    LotteryDrawn(LotteryDraw),
    /// Somebody took up a post.
    StaffPostAdded(StaffPost),
    /// Somebody's post ended.
    StaffPostEnded(StaffPostEnd),
    /// Somebody's sealed name was erased.
    StaffNameErased(StaffNameErasure),
    /// A call was opened.
    CallOpened(OpenCall),
    /// It was closed.
    CallClosed(CallEnd),
    /// A party committed itself.
    CommitmentRecorded(Commitment),
    /// A commitment was kept.
    CommitmentFulfilled(Fulfilment),
    /// It was open again.
    CommitmentReopened(CommitmentChange),
    /// It was withdrawn.
    CommitmentWithdrawn(CommitmentChange),
    /// The parties reviewed the convention.
    ConventionReviewed(Review),
    /// Candidates were ranked.
    CandidatesRanked(RankedList),
    /// An office was given another name.
    OfficeAmended(OfficeAmendment),
    /// A fact of the programme was taken back.
    ProgrammeFactRetracted(ClearRetraction),
}

/// Every type of fact of a programme: name, version, and what it is called in French and English.
pub const PROGRAMME_FACTS: &[(&str, &str, &str, &str)] = &[
    ("ConventionSigned", "1.0", "Convention signée", "Convention signed"),
    ("ConventionRenewed", "1.0", "Convention reconduite", "Convention renewed"),
    ("RulesSet", "4.0", "Règles fixées", "Rules set"),
    ("TargetSet", "1.0", "Cible fixée", "Target set"),
    ("OfficeOpened", "1.0", "Antenne ouverte", "Office opened"),
    ("OfficeClosed", "1.0", "Antenne fermée", "Office closed"),
    ("StaffPostAdded", "2.0", "Poste attribué", "Post taken up"),
    ("StaffPostEnded", "1.0", "Fin de poste", "Post ended"),
    ("StaffNameErased", "1.0", "Nom d'un agent effacé", "Name of a member of the staff erased"),
    ("CallOpened", "1.0", "Appel à candidatures ouvert", "Call opened"),
    ("CallClosed", "1.0", "Appel à candidatures clos", "Call closed"),
    ("CommitmentRecorded", "1.0", "Engagement d'une partie", "Commitment recorded"),
    ("CommitmentFulfilled", "1.0", "Engagement tenu", "Commitment kept"),
    ("CommitmentReopened", "1.0", "Engagement rouvert", "Commitment reopened"),
    ("CommitmentWithdrawn", "1.0", "Engagement retiré", "Commitment withdrawn"),
    ("ConventionReviewed", "1.0", "Revue de la convention", "Convention reviewed"),
    ("LotteryDrawn", "2.0", "Tirage au sort", "Lottery drawn"),
    ("CandidatesRanked", "1.0", "Candidats classés", "Candidates ranked"),
    ("OfficeAmended", "1.0", "Antenne modifiée", "Office amended"),
    (
        "ProgrammeFactRetracted",
        "1.0",
        "Retrait d'un événement du programme",
        "Event of the programme retracted",
    ),
];

impl ProgrammeFact {
    /// The type's name in the journal.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::ConventionSigned(_) => "ConventionSigned",
            Self::ConventionRenewed(_) => "ConventionRenewed",
            Self::RulesSet(_) => "RulesSet",
            Self::TargetSet(_) => "TargetSet",
            Self::OfficeOpened(_) => "OfficeOpened",
            Self::OfficeClosed(_) => "OfficeClosed",
            Self::LotteryDrawn(_) => "LotteryDrawn",
            Self::StaffPostAdded(_) => "StaffPostAdded",
            Self::StaffPostEnded(_) => "StaffPostEnded",
            Self::StaffNameErased(_) => "StaffNameErased",
            Self::CallOpened(_) => "CallOpened",
            Self::CallClosed(_) => "CallClosed",
            Self::CommitmentRecorded(_) => "CommitmentRecorded",
            Self::CommitmentFulfilled(_) => "CommitmentFulfilled",
            Self::CommitmentReopened(_) => "CommitmentReopened",
            Self::CommitmentWithdrawn(_) => "CommitmentWithdrawn",
            Self::ConventionReviewed(_) => "ConventionReviewed",
            Self::CandidatesRanked(_) => "CandidatesRanked",
            Self::OfficeAmended(_) => "OfficeAmended",
            Self::ProgrammeFactRetracted(_) => "ProgrammeFactRetracted",
        }
    }
}

impl DomainEvent for ProgrammeEvent {
    fn event_type(&self) -> String {
        self.fact.event_type().to_owned()
    }

    fn event_version(&self) -> String {
        let own = self.fact.event_type();
        let known = PROGRAMME_FACTS.iter().find(|(name, ..)| *name == own);
        known.map_or("1.0", |(_, version, ..)| version).to_owned()
    }
}
