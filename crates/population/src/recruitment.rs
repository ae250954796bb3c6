//! From registration to the decision of selection.

use sira_domain::path::facts::{
    CriterionScore, Decision, EligibilityRequest, Idea, Interview, Selection,
};
use sira_domain::path::{BeneficiaryCommand, Status};
use sira_domain::reference::SectorCode;
use sira_domain::role::Role;
use sira_domain::values::{Slug, Within, Xof};

use crate::agenda::Step;
use crate::calendar::{Day, date};
use crate::case::Case;
use crate::error::GenerateError;
use crate::keys::open_identity;
use crate::model::IDEAS;
use crate::world::World;

/// Criteria of the score sheet, and points that can be had.
const CRITERIA: [(&str, u64); 5] = [
    ("motivation", 20),
    ("relevance", 25),
    ("viability", 25),
    ("experience", 15),
    ("local_impact", 15),
];
/// Every other Thursday the committees sit.
const SITTING: (Day, Day) = (14, 9);

/// The next sitting of the committees, on or after a day.
fn sitting(day: Day) -> Day {
    let (every, first) = SITTING;
    day + (first + every - day % every) % every
}

impl World {
    pub(crate) fn submit_idea(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let (sector, title) = case.chance.weighted(&IDEAS);
        let summary = case.chance.in_thousand(400).then(|| {
            format!("{title} : vente sur les marchés du cercle, avec un apport en nature et l'aide de la famille.")
        });
        let idea = Idea {
            title: Self::seal(case, "title", title)?,
            sector: SectorCode::try_new(sector)?,
            summary: summary.map(|text| Self::seal(case, "summary", &text)).transpose()?,
            start_up_cost: Xof::try_new(case.chance.about(450_000).next_multiple_of(5_000))?,
            jobs_expected: Within::try_new(case.chance.between(1, 5))?,
        };
        let author = self.by_adviser(case, on);
        if !self.act(case, &author, BeneficiaryCommand::SubmitIdea(idea)) {
            return Ok(());
        }
        if case.chance.in_thousand(60) {
            let gap = case.chance.days(30);
            self.plan(place, case, on + gap, Step::IdeaAgain);
        }
        if case.chance.in_thousand(800) {
            self.onward(place, case, on, 14, Step::Eligibility);
        } else if case.chance.in_thousand(400) {
            let gap = case.chance.days(60);
            self.plan(place, case, on + gap, Step::Leave);
        }
        Ok(())
    }

    /// Completed years of a person who knows their birth date.
    fn completed_years(case: &Case, on: Day) -> Result<Option<u32>, GenerateError> {
        let Some(sealed) = case.path.state().identity.clone() else { return Ok(None) };
        let identity = open_identity(&*case.key, case.id, &sealed)?;
        Ok(identity.and_then(|identity| identity.completed_years(date(on))))
    }

    pub(crate) fn assess_eligibility(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let author = self.by_adviser(case, on);
        let completed_years = Self::completed_years(case, on)?;
        let request = EligibilityRequest { override_reason: None, completed_years };
        if !self.act(case, &author, BeneficiaryCommand::AssessEligibility(request)) {
            return Ok(());
        }
        if is_eligible(case) {
            self.onward(place, case, on, 12, Step::Interview);
            return Ok(());
        }
        if case.chance.in_thousand(30) {
            let reason =
                "Projet porté par un groupement, les autres membres remplissent les règles.";
            let request = EligibilityRequest {
                override_reason: Some(Self::seal(case, "override_reason", reason)?),
                completed_years: Self::completed_years(case, self.today())?,
            };
            let author = self.by(case, Role::Director, self.today());
            self.act(case, &author, BeneficiaryCommand::AssessEligibility(request));
            self.onward(place, case, self.today(), 12, Step::Interview);
        } else if case.chance.in_thousand(500) {
            let gap = case.chance.days(30);
            self.plan(place, case, on + gap, Step::Leave);
        }
        Ok(())
    }

    pub(crate) fn interview(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        if case.chance.in_thousand(40) {
            return Ok(());
        }
        if self.draws_lots(case.office, self.today()) {
            self.enter_lottery(place, case);
            return Ok(());
        }
        let level = case.chance.around(62, 14).clamp(15, 98).unsigned_abs();
        let mut scores = Vec::with_capacity(CRITERIA.len());
        for (criterion, out_of) in CRITERIA {
            let points = (out_of * level + 50) / 100 + case.chance.below(3);
            scores.push(CriterionScore {
                criterion: Slug::try_new(criterion)?,
                score: Within::try_new(points.saturating_sub(1).min(out_of))?,
                out_of: Within::try_new(out_of)?,
            });
        }
        let author = self.by_adviser(case, on);
        let interview = Interview { scores, comment: None };
        if self.act(case, &author, BeneficiaryCommand::RecordInterview(interview)) {
            let gap = case.chance.days(9);
            let day = sitting(on.max(self.today()) + gap);
            self.plan(place, case, day, Step::Decision);
        }
        Ok(())
    }

    pub(crate) fn decide_selection(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let total =
            case.path.state().interview.as_ref().map_or(0, |interview| interview.total.get());
        let (selected, waits) = match total {
            0..50 => (0, 0),
            50..60 => (300, 260),
            60..70 => (540, 260),
            _ => (770, 150),
        };
        let drawn = case.chance.below(1_000);
        let decision = if drawn < selected {
            Decision::Selected
        } else if drawn < selected + waits {
            Decision::Waitlisted
        } else {
            Decision::NotSelected
        };
        self.announce(place, case, on, decision)?;
        if decision == Decision::Waitlisted && case.chance.in_thousand(420) {
            let day = sitting(on.max(self.today()) + 40);
            self.plan(place, case, day, Step::SecondDecision);
        }
        if decision == Decision::NotSelected && case.chance.in_thousand(130) {
            let gap = 330 + case.chance.few(120);
            self.plan(place, case, on + gap, Step::FollowUpIncome);
        }
        Ok(())
    }

    pub(crate) fn announce(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        decision: Decision,
    ) -> Result<(), GenerateError> {
        let author = self.by(case, Role::Committee, on);
        let session = format!("{}.{}", self.offices[case.office].code, date(on).format("%Y-%m-%d"));
        let method = if case.id.as_u128().is_multiple_of(9) { "jury" } else { "committee" };
        let reason = case
            .chance
            .in_thousand(250)
            .then_some("Projet clair, porteur disponible ; marché à vérifier.");
        let selection = Selection {
            decision,
            method: method.parse()?,
            session: Slug::try_new(&session)?,
            rank: None,
            reason: reason.map(|text| Self::seal(case, "reason", text)).transpose()?,
        };
        if self.act(case, &author, BeneficiaryCommand::DecideSelection(selection))
            && decision == Decision::Selected
        {
            if case.chance.in_thousand(15) {
                self.onward(place, case, on, 20, Step::Recognition);
            } else if case.chance.in_thousand(945) {
                self.onward(place, case, on, 7, Step::JoinPool);
            } else {
                let gap = case.chance.days(25);
                self.plan(place, case, on + gap, Step::Leave);
            }
        }
        if case.chance.in_thousand(20) {
            let gap = case.chance.days(12);
            self.plan(place, case, on + gap, Step::Grievance);
        }
        Ok(())
    }

    /// Waits for a group of the office.
    pub(crate) fn join_pool(&mut self, place: u32, case: &mut Case) {
        if case.path.state().status == Status::Active {
            let today = self.today();
            self.offices[case.office].pool.push((today, place));
            case.pending += 1;
        }
    }
}

fn is_eligible(case: &Case) -> bool {
    case.path.state().eligibility.as_ref().is_some_and(|state| state.assessment.eligible)
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use sira_domain::path::facts::Sex;

    use crate::chance::Chance;

    use super::*;

    #[test]
    fn committees_sit_every_other_thursday() {
        for day in 0..60 {
            let on = sitting(day);
            assert!(on >= day && on < day + 14);
            assert_eq!(date(on).weekday(), chrono::Weekday::Thu);
        }
    }

    #[test]
    fn a_person_is_a_woman_or_a_man_by_the_share_of_the_year() {
        let mut chance = Chance::new(1, 2);
        let women = (0..10_000).filter(|_| World::draw_sex(&mut chance, 0) == Sex::Female).count();
        assert!((3_850..=4_150).contains(&women), "{women}");
    }
}
