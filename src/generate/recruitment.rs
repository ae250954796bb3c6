//! From registration to the decision of selection.

use chrono::Datelike;
use sira_domain::beneficiary::facts::{
    AdviserChoice, Consent, CriterionScore, Decision, EligibilityRequest, Idea, Interview,
    Registration, Selection, WashingtonGroup,
};
use sira_domain::beneficiary::{Beneficiary, BeneficiaryCommand, Status};
use sira_domain::reference::{RegionCode, SectorCode};
use sira_domain::role::Role;
use sira_domain::values::{ProgrammeId, Sealed, SealedIdentity, Slug, Text, Within, Xof};

use super::agenda::Step;
use super::calendar::{Day, date};
use super::case::{Case, Payer};
use super::chance::Chance;
use super::error::GenerateError;
use super::model::{AGES, CHANNELS, CONSENTS, EDUCATION, IDEAS, INTAKES, PLACES};
use super::names::Person;
use super::world::World;
use crate::commands::seal_identity;

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
/// People whom another desk may write down again.
const RECENT_MAX: usize = 256;

/// The next sitting of the committees, on or after a day.
fn sitting(day: Day) -> Day {
    let (every, first) = SITTING;
    day + (first + every - day % every) % every
}

impl World {
    /// Registers those who come at this moment.
    pub fn register_arrivals(&mut self) -> Result<(), GenerateError> {
        let (today, moments) = (self.today(), u64::from(self.settings.calendar.moments()));
        let before = today.checked_sub(1).map_or(0, |day| self.arrivals.by(day));
        let of_day = self.arrivals.by(today) - before;
        let moment = u64::from(self.slot) % moments;
        let until = before + of_day * (moment + 1) / moments;
        while self.registered < until {
            self.registered += 1;
            self.register(self.registered)?;
        }
        Ok(())
    }

    fn register(&mut self, number: u64) -> Result<(), GenerateError> {
        let mut chance = Chance::new(self.settings.seed, number);
        let today = self.today();
        let on = if chance.in_thousand(90) { today - chance.days(8).min(40) } else { today };
        let places: Vec<(u64, usize)> =
            PLACES.iter().enumerate().map(|(at, place)| (place.weight, at)).collect();
        let region: RegionCode = PLACES[chance.weighted(&places)].region.parse()?;
        let region = region.on(date(on));
        let office = self.office_for(region, on, &mut chance);
        let again = self.met_before(office, &mut chance);
        let person = match &again {
            Some((_, _, person)) => person.misheard(&mut chance),
            None => Self::invent(number, on, &mut chance),
        };
        let now = self.now();
        let id = self.ledger.id(now);
        let mut case = Box::new(Case {
            id,
            key: (self.keys)()?,
            path: Beneficiary::default(),
            office,
            adviser: chance.index(3),
            pending: 0,
            diligence: if chance.in_thousand(885) { 960 } else { 620 },
            closes_after: None,
            payer: draw_payer(&mut chance),
            income: chance.about(230_000).next_multiple_of(5_000),
            groups: 0,
            held: None,
            chance,
        });
        let deed = self.by_adviser(&case, on);
        let registration = self.registration(&mut case, &person, region, number)?;
        if !self.act(&mut case, &deed, BeneficiaryCommand::Register(registration)) {
            return Ok(());
        }
        self.after_registration(case, person, again.map(|(place, id, _)| (place, id)), on);
        Ok(())
    }

    fn after_registration(
        &mut self,
        case: Box<Case>,
        person: Person,
        again: Option<(u32, uuid::Uuid)>,
        on: Day,
    ) {
        let office = case.office;
        let place = self.cases.add(case);
        let Some(mut case) = self.cases.take(place) else { return };
        if let Some((of, id)) = again {
            let found = on.max(self.today()) + case.chance.days(25);
            self.plan(place, &mut case, found, Step::Duplicate { of, id });
        } else if self.recent.len() < RECENT_MAX {
            self.recent.push((place, case.id, office, person));
        } else {
            let at = case.chance.index(RECENT_MAX);
            self.recent[at] = (place, case.id, office, person);
        }
        if case.chance.in_thousand(840) {
            let gap = case.chance.few(6);
            self.plan(place, &mut case, on + gap, Step::Adviser);
        }
        if case.chance.in_thousand(560) {
            let gap = case.chance.few(12);
            self.plan(place, &mut case, on + gap, Step::Baseline);
        }
        if case.chance.in_thousand(160) {
            let gap = case.chance.days(15);
            self.plan(place, &mut case, on + gap, Step::Note);
        }
        if case.chance.in_thousand(50) {
            let gap = case.chance.days(40);
            self.plan(place, &mut case, on + gap, Step::Consent);
        }
        if case.chance.in_thousand(15) {
            let gap = case.chance.days(60);
            self.plan(place, &mut case, on + gap, Step::Identity);
        }
        if case.chance.in_thousand(970) {
            let gap = if case.chance.in_thousand(600) { 0 } else { case.chance.days(7) };
            self.plan(place, &mut case, on + gap, Step::Idea);
        } else {
            self.plan(place, &mut case, on + 90, Step::Leave);
        }
        self.cases.put(place, case);
    }

    fn office_for(&self, region: RegionCode, on: Day, chance: &mut Chance) -> usize {
        let of = |region: RegionCode| -> Vec<usize> {
            let open =
                |office: &super::office::Office| office.region == region && office.opens <= on;
            (0..self.offices.len()).filter(|at| open(&self.offices[*at])).collect()
        };
        let mut found = of(region);
        if found.is_empty() {
            found = of(region.oldest());
        }
        if found.is_empty() { 0 } else { *chance.pick(&found) }
    }

    /// Somebody who registered lately at the same office or a neighbouring one, and comes again.
    fn met_before(&self, office: usize, chance: &mut Chance) -> Option<(u32, uuid::Uuid, Person)> {
        if !chance.in_thousand(30) || self.recent.is_empty() {
            return None;
        }
        let start = chance.index(self.recent.len());
        let around = self.recent[start..].iter().chain(&self.recent[..start]);
        let found = around.into_iter().find(|(_, _, theirs, _)| theirs.abs_diff(office) < 2)?;
        Some((found.0, found.1, found.3.clone()))
    }

    fn invent(number: u64, on: Day, chance: &mut Chance) -> Person {
        let sex = Self::draw_sex(chance, on);
        let (youngest, oldest) = chance.weighted(&AGES);
        let age = chance.between(youngest, oldest);
        let year = u64::try_from(date(on).year()).unwrap_or(2021);
        Person::invent(sex, u32::try_from(year - age).unwrap_or(2000), number, chance)
    }

    fn registration(
        &mut self,
        case: &mut Case,
        person: &Person,
        region: RegionCode,
        number: u64,
    ) -> Result<Registration, GenerateError> {
        let identity = seal_identity(&person.identity(region, number)?, case.id, &case.key)?;
        let hardship = self.offices[case.office].hardship;
        let chance = &mut case.chance;
        let displaced = chance.in_thousand([40, 180, 220][hardship.min(2) as usize]);
        Ok(Registration {
            reference: self.ledger.reference(),
            programme: ProgrammeId(self.programme_id),
            office: self.offices[case.office].code.clone(),
            region,
            cercle: if chance.in_thousand(700) {
                Some(Text::try_new(region.chef_lieu())?)
            } else {
                None
            },
            intake: chance.weighted(&INTAKES).parse()?,
            channel: chance.weighted(&CHANNELS).parse()?,
            sex: person.sex,
            birth_year: Within::try_new(u64::from(person.birth_year))?,
            education: Some(chance.weighted(&EDUCATION).parse()?),
            disability: Some(washington_group(chance)?),
            displaced: Some(displaced),
            consent: Consent {
                scope: Slug::try_new("programme")?,
                text_version: Slug::try_new("fr-2021-1")?,
                method: chance.weighted(&CONSENTS).parse()?,
            },
            origin: None,
            identity: SealedIdentity(Sealed::try_new(&identity)?),
        })
    }

    pub(super) fn choose_adviser(&mut self, case: &mut Case, on: Day) {
        let adviser = self.by_adviser(case, on).actor;
        let deed = self.by(case, Role::Director, on);
        self.act(case, &deed, BeneficiaryCommand::AssignAdviser(AdviserChoice { adviser }));
    }

    pub(super) fn submit_idea(
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
        let deed = self.by_adviser(case, on);
        if !self.act(case, &deed, BeneficiaryCommand::SubmitIdea(idea)) {
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

    pub(super) fn assess_eligibility(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
    ) -> Result<(), GenerateError> {
        let deed = self.by_adviser(case, on);
        let request = EligibilityRequest { override_reason: None };
        if !self.act(case, &deed, BeneficiaryCommand::AssessEligibility(request)) {
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
            };
            let deed = self.by(case, Role::Director, self.today());
            self.act(case, &deed, BeneficiaryCommand::AssessEligibility(request));
            self.onward(place, case, self.today(), 12, Step::Interview);
        } else if case.chance.in_thousand(500) {
            let gap = case.chance.days(30);
            self.plan(place, case, on + gap, Step::Leave);
        }
        Ok(())
    }

    pub(super) fn interview(
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
        let deed = self.by_adviser(case, on);
        let interview = Interview { scores, comment: None };
        if self.act(case, &deed, BeneficiaryCommand::RecordInterview(interview)) {
            let gap = case.chance.days(9);
            let day = sitting(on.max(self.today()) + gap);
            self.plan(place, case, day, Step::Decision);
        }
        Ok(())
    }

    pub(super) fn decide_selection(
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

    pub(super) fn announce(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        decision: Decision,
    ) -> Result<(), GenerateError> {
        let deed = self.by(case, Role::Committee, on);
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
        if self.act(case, &deed, BeneficiaryCommand::DecideSelection(selection))
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
    pub(super) fn join_pool(&mut self, place: u32, case: &mut Case) {
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

fn draw_payer(chance: &mut Chance) -> Payer {
    match chance.below(100) {
        0..58 => Payer::Good,
        58..84 => Payer::Slow,
        _ => Payer::Bad(chance.few(7)),
    }
}

/// Six answers; four people in a hundred have a lot of difficulty with something.
fn washington_group(chance: &mut Chance) -> Result<WashingtonGroup, GenerateError> {
    let hard = chance.in_thousand(40).then(|| chance.below(6));
    let mut answer = |question: u64| -> Result<_, GenerateError> {
        let level = match hard {
            Some(hard) if hard == question => 3 + u64::from(chance.in_thousand(150)),
            _ => 1 + u64::from(chance.in_thousand(60)),
        };
        Ok(Within::try_new(level)?)
    };
    Ok(WashingtonGroup {
        seeing: answer(0)?,
        hearing: answer(1)?,
        walking: answer(2)?,
        remembering: answer(3)?,
        self_care: answer(4)?,
        communicating: answer(5)?,
    })
}

#[cfg(test)]
mod tests {
    use sira_domain::beneficiary::facts::Sex;

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
