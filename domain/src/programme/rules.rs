//! A programme's rules: data, dated and per programme, never constants.

use chrono::{Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::facts::Sex;
use crate::reference::{EducationLevel, Instrument, ModuleCode, RegionCode, SectorCode};
use crate::values::{Score, Text, Within, Xof};

use super::plausibility::Plausibility;
use super::reporting::Reporting;
use super::selection::{SelectionQuota, TieBreaker};

/// An age range in whole years, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgeRange {
    /// Youngest age that is eligible.
    pub min: Within<0, 120>,
    /// Oldest age that is eligible.
    pub max: Within<0, 120>,
}

/// The highest amount of each instrument in one financing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ceilings {
    /// Highest amount of a grant.
    pub grant: Xof,
    /// Highest amount of a kit.
    pub kit: Xof,
    /// Highest amount of a loan.
    pub loan: Xof,
    /// Highest amount of a guarantee.
    pub guarantee: Xof,
}

/// The highest amounts that one person is granted over all of their financings; no ceiling where one is left
/// out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonCeilings {
    /// Highest sum of grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Xof>,
    /// Highest sum of kits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kit: Option<Xof>,
    /// Highest sum of loans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan: Option<Xof>,
    /// Highest sum of guarantees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<Xof>,
    /// Highest sum of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_all: Option<Xof>,
}

impl PersonCeilings {
    /// The ceiling of an instrument; none where there is none.
    #[must_use]
    pub fn of(&self, instrument: Instrument) -> Option<Xof> {
        match instrument.code() {
            "grant" => self.grant,
            "kit" => self.kit,
            "loan" => self.loan,
            _ => self.guarantee,
        }
    }

    /// Tells whether there is no ceiling at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The rules of a programme. A field that is left out has its default, taken from programmes of
/// the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Age of women at eligibility; 15 to 40 by default.
    pub age_women: AgeRange,
    /// Age of men at eligibility; 15 to 40 by default.
    pub age_men: AgeRange,
    /// Regions of residence; anywhere when empty.
    pub residence: Vec<RegionCode>,
    /// Highest level of education allowed; any when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_education: Option<EducationLevel>,
    /// Interview total to be selected, out of 100; 50 by default.
    pub interview_pass_mark: Score,
    /// Attendance to complete training, in percent of planned hours; 80 by default.
    pub attendance_percent: Score,
    /// Planned hours of training; the sum of the recorded sessions when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_hours: Option<Within<1, 10_000>>,
    /// Assessment score to pass a module, out of 100; 50 by default.
    pub assessment_pass_mark: Score,
    /// Modules to pass to complete training; the convention's four by default.
    pub modules: Vec<ModuleCode>,
    /// Sectors of the programme's own, beside the ISIC sections.
    pub own_sectors: Vec<SectorCode>,
    /// Follow-up visits, in months after the start; 1, 3, 6, 12 and 24 by default.
    pub follow_up_months: Vec<Within<1, 120>>,
    /// Ceilings by instrument; 300,000, 500,000, 2,000,000 and 2,000,000 XOF by default.
    pub ceilings: Ceilings,
    /// Ceilings a person, over all of their financings; none by default.
    #[serde(skip_serializing_if = "PersonCeilings::is_none")]
    pub ceiling_per_person: PersonCeilings,
    /// Months after a path closes from which on its personal data are proposed for erasure; never when
    /// left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_months: Option<Within<1, 600>>,
    /// How often figures are published to those who must see nobody: analysts and donors; by the month
    /// when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures_published: Option<Reporting>,
    /// Why they are published by the week, which tells more of each of the few who changed in one; needed
    /// for that, and for nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures_reason: Option<Text<300>>,
    /// Days that a fact may lie back on the day of its recording; beyond them a director records it, with a
    /// reason. Without limit when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backdating_days: Option<Within<1, 36_500>>,
    /// Bounds above which a number is refused, or taken with a warning; none when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plausibility: Option<Plausibility>,
    /// How candidates of one score are ranked, the first rule first; those whom none tells apart are ranked
    /// by lot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tie_breakers: Vec<TieBreaker>,
    /// Shares that a selection keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selection_quotas: Vec<SelectionQuota>,
}

fn within<const MIN: u32, const MAX: u32>(number: u64) -> Within<MIN, MAX> {
    Within::try_new(number).expect("the defaults lie in their ranges: tested")
}

impl Default for AgeRange {
    fn default() -> Self {
        Self { min: within(15), max: within(40) }
    }
}

impl Default for Ceilings {
    fn default() -> Self {
        Self {
            grant: Xof::of(300_000),
            kit: Xof::of(500_000),
            loan: Xof::of(2_000_000),
            guarantee: Xof::of(2_000_000),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            age_women: AgeRange::default(),
            age_men: AgeRange::default(),
            residence: Vec::new(),
            max_education: None,
            interview_pass_mark: within(50),
            attendance_percent: within(80),
            planned_hours: None,
            assessment_pass_mark: within(50),
            modules: ModuleCode::reference().collect(),
            own_sectors: Vec::new(),
            follow_up_months: [1, 3, 6, 12, 24].into_iter().map(within).collect(),
            ceilings: Ceilings::default(),
            ceiling_per_person: PersonCeilings::default(),
            retention_months: None,
            figures_published: None,
            figures_reason: None,
            backdating_days: None,
            plausibility: None,
            tie_breakers: Vec::new(),
            selection_quotas: Vec::new(),
        }
    }
}

impl Rules {
    /// The last day such that a path which closed on it or before is past retention today; none when
    /// data are kept for as long as the programme wants.
    #[must_use]
    pub fn retention_cutoff(&self, today: NaiveDate) -> Option<NaiveDate> {
        let months = Months::new(self.retention_months?.get());
        let is_over =
            |day: &NaiveDate| day.checked_add_months(months).is_some_and(|end| end <= today);
        let mut last = today.checked_sub_months(months)?;
        // The periods of the last days of a long month end together, on the last day of a short one.
        while let Some(next) = last.succ_opt().filter(is_over) {
            last = next;
        }
        Some(last)
    }

    /// The age range for one sex.
    #[must_use]
    pub fn age(&self, sex: Sex) -> AgeRange {
        match sex {
            Sex::Female => self.age_women,
            Sex::Male => self.age_men,
        }
    }

    /// The ceiling of an instrument.
    #[must_use]
    pub fn ceiling(&self, instrument: Instrument) -> Xof {
        match instrument.code() {
            "grant" => self.ceilings.grant,
            "kit" => self.ceilings.kit,
            "loan" => self.ceilings.loan,
            _ => self.ceilings.guarantee,
        }
    }

    /// The last follow-up milestone, in months after the start.
    #[must_use]
    pub fn final_milestone(&self) -> Option<u32> {
        self.follow_up_months.iter().map(|months| months.get()).max()
    }
}

/// Rules from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSet {
    /// Version, from 1.
    pub version: u32,
    /// First day on which they apply to facts.
    pub effective_from: NaiveDate,
    /// The rules that apply.
    pub rules: Rules,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_of_months_is_over_on_the_same_day_of_the_month_or_the_last_of_a_shorter_one() {
        let rules = |months| Rules { retention_months: Some(within(months)), ..Rules::default() };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (months, today, last) in [
            (1, "2026-02-28", "2026-01-31"),
            (1, "2026-02-27", "2026-01-27"),
            (12, "2024-02-29", "2023-02-28"),
            (12, "2025-02-28", "2024-02-29"),
            (60, "2026-06-01", "2021-06-01"),
        ] {
            assert_eq!(rules(months).retention_cutoff(day(today)), Some(day(last)), "{today}");
        }
        assert_eq!(Rules::default().retention_cutoff(day("2026-01-01")), None);
    }
}
