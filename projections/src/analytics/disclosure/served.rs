//! Which indicators are published, over what, and which of them move on together.

use super::super::facts::Measure;
use super::super::facts::measure::Source;
use super::super::indicators::{Finish, Indicator, IndicatorKind};
use super::super::words::Dimension;

/// Indicators of which one can be worked out from others: a cell of theirs is released for all at once.
const KIN: &[&[&str]] = &[
    &["jobs_held", "jobs_women", "jobs_men", "jobs_under_35", "jobs_full_time"],
    &["amount_committed", "amount_disbursed", "disbursement_rate"],
    &["outstanding", "par30", "arrears"],
    &["mean_income_follow_up", "income_difference"],
];

/// The indicators that move on together with one, itself among them, in a fixed order.
#[must_use]
pub fn kin(indicator: &'static Indicator) -> Vec<&'static Indicator> {
    let own = KIN.iter().find(|kin| kin.contains(&indicator.name));
    own.map_or_else(
        || vec![indicator],
        |kin| kin.iter().filter_map(|name| super::super::Indicators::named(name)).collect(),
    )
}

/// Why a question is not answered to those who must see nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// Figures are not cut by this dimension for them.
    #[error("figures are not published by {}", dimension.word())]
    Dimension {
        /// The dimension.
        dimension: Dimension,
        /// Whether it was to be filtered by, and not broken down by.
        is_filter: bool,
        /// What figures are cut by.
        published: &'static [Dimension],
    },
    /// An indicator is not published at all.
    #[error("{0} is not published")]
    NotPublished(&'static str),
    /// What an indicator tells of a period is not what it tells at the end less what it told before.
    #[error("{0} is published from the beginning of the programme alone")]
    NoPeriod(&'static str),
}

impl Indicator {
    /// Whether what it tells of a period is what it tells at its end less what it told before its
    /// beginning: then periods can be published. Where people are looked up beside, where a later fact
    /// replaces an earlier one, and of order statistics that is not so.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let is_sum = matches!(self.finish, Finish::Total { .. } | Finish::Percent | Finish::Mean);
        let stays = |measure: &Measure| match measure.source() {
            Source::CaseMilestones | Source::FinanceLines | Source::TrainingAttendance => true,
            Source::IndicatorValues => {
                matches!(measure, Measure::CommunityAction | Measure::Support)
            }
            Source::CaseLinks
            | Source::TrainingAssessments
            | Source::LoanBalances
            | Source::Instalments
            | Source::JobCounts
            | Source::Businesses
            | Source::CaseSpells
            | Source::Employment
            | Source::Visits
            | Source::VisitsDue
            | Source::Grievances => false,
        };
        self.kind == IndicatorKind::Flow
            && self.needs.is_empty()
            && is_sum
            && self.measures.iter().all(stays)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::INDICATORS;
    use super::super::contribution::Layout;
    use super::*;

    #[test]
    fn every_kin_has_room_and_names_indicators_that_there_are() {
        for indicator in INDICATORS {
            let kin = kin(indicator);
            assert!(kin.iter().any(|one| one.name == indicator.name), "{}", indicator.name);
            assert!(Layout::of(&kin).is_some(), "{}", indicator.name);
            assert!(kin.iter().all(|one| one.by_category == indicator.by_category));
        }
        for name in KIN.iter().flat_map(|kin| kin.iter()) {
            assert!(super::super::super::Indicators::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn periods_are_published_of_what_adds_up_alone() {
        let named = |name| super::super::super::Indicators::named(name).unwrap();
        for name in
            ["registered", "amount_disbursed", "attendance_rate", "womens_share", "financed"]
        {
            assert!(named(name).adds_up(), "{name}");
        }
        for name in
            ["funnel_selected", "survival_12", "repayment_rate", "idea_to_financing", "outstanding"]
        {
            assert!(!named(name).adds_up(), "{name}");
        }
    }
}
