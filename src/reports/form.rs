//! What a report is asked to be.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::values::ProgrammeId;

use super::content::BothLanguages;
use crate::figures::ReportAudience;

/// A part of a report.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportPartName {
    /// The text of who makes the report.
    Narrative,
    /// How far the people registered in the period have come.
    Funnel,
    /// Every indicator.
    Indicators,
    /// What was aimed at, and what was reached.
    Targets,
    /// Money.
    Finance,
    /// How many businesses still exist.
    Survival,
    /// The main figures region by region.
    Regions,
    /// The funds, as they stand when the report is made.
    Funds,
}

impl ReportPartName {
    /// Every part, in the order of a report.
    pub const ALL: [Self; 8] = [
        Self::Narrative,
        Self::Funnel,
        Self::Indicators,
        Self::Targets,
        Self::Finance,
        Self::Survival,
        Self::Regions,
        Self::Funds,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Narrative => "narrative",
            Self::Funnel => "funnel",
            Self::Indicators => "indicators",
            Self::Targets => "targets",
            Self::Finance => "finance",
            Self::Survival => "survival",
            Self::Regions => "regions",
            Self::Funds => "funds",
        }
    }

    /// Its title.
    pub(super) fn title(self) -> BothLanguages {
        let (fr, en) = match self {
            Self::Narrative => ("Commentaire", "Narrative"),
            Self::Funnel => ("Du projet à l'activité", "From idea to business"),
            Self::Indicators => ("Indicateurs", "Indicators"),
            Self::Targets => ("Cibles et réalisations", "Targets and results"),
            Self::Finance => ("Finances", "Finance"),
            Self::Survival => ("Survie des activités", "Survival of businesses"),
            Self::Regions => ("Par région", "By region"),
            Self::Funds => ("Fonds", "Funds"),
        };
        BothLanguages::of(fr, en)
    }
}

/// A text in both languages that a person writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Narrative {
    /// In French.
    #[schemars(length(max = 20_000))]
    pub fr: String,
    /// In English.
    #[schemars(length(max = 20_000))]
    pub en: String,
}

/// What a report is made from.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// Its name: it stands in an address and in the name of a file.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub name: String,
    /// Its title in both languages; the programme's and the period when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Narrative>,
    /// The programme that it is of.
    pub programme: ProgrammeId,
    /// First day of its period.
    pub from: NaiveDate,
    /// Last day of its period.
    pub to: NaiveDate,
    /// What was recorded by the end of this day; now when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<NaiveDate>,
    /// Its parts, each once; all of them when left out, with the narrative where there is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub parts: Vec<ReportPartName>,
    /// The text of who makes it. It is kept as it is, and must name nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative: Option<Narrative>,
    /// For whom it is; the caller's own audience when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<ReportAudience>,
}

impl ReportRequest {
    /// Its parts in the order of a report.
    #[must_use]
    pub fn asked_parts(&self) -> Vec<ReportPartName> {
        let is_asked = |part: &ReportPartName| match (self.parts.is_empty(), part) {
            (true, ReportPartName::Narrative) => self.narrative.is_some(),
            // What stands now is not what stood then.
            (true, ReportPartName::Funds) => self.as_of.is_none(),
            (true, _) => true,
            (false, part) => self.parts.contains(part),
        };
        ReportPartName::ALL.into_iter().filter(is_asked).collect()
    }
}
