//! Registration: who comes, to which office, and what is asked.

use chrono::Datelike;
use sira_domain::path::facts::{AdviserChoice, Consent, Registration, WashingtonGroup};
use sira_domain::path::{Beneficiary, BeneficiaryCommand};
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{ProgrammeId, SealedIdentity, Slug, Text, Within};
use sira_numbers::at_most;

use crate::agenda::Step;
use crate::calendar::{Day, date};
use crate::case::{Case, Payer};
use crate::chance::Chance;
use crate::error::GenerateError;
use crate::keys::seal_identity;
use crate::model::{AGES, CHANNELS, CONSENTS, EDUCATION, INTAKES, PLACES};
use crate::names::Person;
use crate::world::World;

/// People whom another desk may write down again.
const RECENT_MAX: usize = 256;

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
        let author = self.by_adviser(&case, on);
        let registration = self.registration(&mut case, &person, region, number)?;
        if !self.act(&mut case, &author, BeneficiaryCommand::Register(registration)) {
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
                |office: &crate::office::Office| office.region == region && office.opens <= on;
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
        let year = date(on).year_ce().1;
        Person::invent(sex, year - at_most(age, year), number, chance)
    }

    fn registration(
        &mut self,
        case: &mut Case,
        person: &Person,
        region: RegionCode,
        number: u64,
    ) -> Result<Registration, GenerateError> {
        let identity = seal_identity(&*case.key, case.id, &person.identity(region, number)?)?;
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
            adviser: None,
            application: None,
            own_words: None,
            identity: SealedIdentity(identity),
        })
    }

    pub(crate) fn choose_adviser(&mut self, case: &mut Case, on: Day) {
        let adviser = self.by_adviser(case, on).actor;
        let author = self.by(case, Role::Director, on);
        self.act(case, &author, BeneficiaryCommand::AssignAdviser(AdviserChoice { adviser }));
    }
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
