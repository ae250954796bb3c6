//! The convention: signed, with its rules, offices and targets; renewed before it ends.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use sira_domain::path::facts::Sex;
use sira_domain::programme::{
    self, AgeRange, Convention, Office, Party, Programme, ProgrammeCommand, Renewal, Rules,
    RulesRequest, Target,
};
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{Period, Slug, Text, Within};
use sira_journal::AppendRequest;

use crate::calendar::{Day, SIGNED_ON, date, day_of};
use crate::error::GenerateError;
use crate::ledger::write;
use crate::model::PLACES;
use crate::world::World;

/// The new regions were made on 13 March 2023; their offices opened three weeks later.
pub(crate) const NEW_OFFICES_ON: NaiveDate =
    NaiveDate::from_ymd_opt(2023, 4, 3).expect("a calendar day");
/// From this day on men are taken up to 35 only, and people without a degree.
const NEW_RULES_ON: NaiveDate = NaiveDate::from_ymd_opt(2022, 1, 3).expect("a calendar day");
/// A renewal is signed so many days before the end.
const RENEWED_BEFORE_DAYS: Day = 65;
/// Years of a term.
const TERM_YEARS: u64 = 3;

/// What is aimed at each year: indicator, and in a thousand of those who register.
const TARGETS: [(&str, u64); 6] = [
    ("registered", 1_100),
    ("selected", 330),
    ("trained", 280),
    ("financed", 160),
    ("businesses_started", 150),
    ("jobs_created", 300),
];

impl World {
    /// What the programme itself does on a day, at its first moment.
    pub fn run_programme(&mut self) -> Result<(), GenerateError> {
        let today = self.today();
        let is_first = self.slot == 0 || self.settings.calendar.day(self.slot - 1) < today;
        if !is_first {
            return Ok(());
        }
        if today == 0 {
            self.begin_programme()?;
        }
        let on = date(today);
        if on == NEW_RULES_ON {
            self.set_rules(newer_rules()?)?;
        }
        if on == NEW_OFFICES_ON {
            self.open_offices(today)?;
        }
        if self.programme.term().is_some_and(|term| day_of(term.to) == today + RENEWED_BEFORE_DAYS)
        {
            let renewal = Renewal { term_years: Within::try_new(TERM_YEARS)? };
            self.command_programme(ProgrammeCommand::RenewConvention(renewal))?;
        }
        if today > 0 && on.ordinal() == 3 {
            self.begin_year(on.year(), today + 365)?;
        }
        self.draw_lotteries()?;
        self.plan_groups()
    }

    fn begin_programme(&mut self) -> Result<(), GenerateError> {
        let now = self.now();
        self.programme_id = self.ledger.id(now);
        let party = |name: &str, role: &str| {
            Ok::<_, GenerateError>(Party { name: Text::try_new(name)?, role: Slug::try_new(role)? })
        };
        let convention = Convention {
            name: Text::try_new("Auto-emploi des jeunes et des femmes (population fictive)")?,
            parties: vec![
                party("Agence nationale pour la promotion de l'emploi (ANPE)", "agency")?,
                party("Think Peace", "implementer")?,
                party("Ambassade royale du Danemark", "donor")?,
            ],
            signed_on: SIGNED_ON,
            term_years: Within::try_new(TERM_YEARS)?,
            renewable: true,
            data_protection_receipt: Some(Text::try_new("APDP-FICTIF-2021-000")?),
        };
        self.command_programme(ProgrammeCommand::SignConvention(convention))?;
        self.set_rules(Rules::default())?;
        self.open_offices(0)?;
        self.begin_year(
            SIGNED_ON.year(),
            day_of(NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or(SIGNED_ON)),
        )
    }

    fn set_rules(&mut self, rules: Rules) -> Result<(), GenerateError> {
        let request = RulesRequest { effective_from: date(self.today()), rules };
        self.command_programme(ProgrammeCommand::SetRules(request))
    }

    fn open_offices(&mut self, day: Day) -> Result<(), GenerateError> {
        let opening: Vec<Office> = self
            .offices
            .iter()
            .filter(|office| office.opens == day)
            .map(|office| {
                let name = format!("Antenne de {} ({})", office.region.chef_lieu(), office.code);
                Ok(Office {
                    office: office.code.clone(),
                    name: Text::try_new(&name)?,
                    region: office.region,
                })
            })
            .collect::<Result<_, GenerateError>>()?;
        opening
            .into_iter()
            .try_for_each(|office| self.command_programme(ProgrammeCommand::OpenOffice(office)))
    }

    /// A year's envelopes and targets.
    fn begin_year(&mut self, year: i32, until: Day) -> Result<(), GenerateError> {
        self.commit_parties(year)?;
        let comers = self.arrivals.within(self.today(), until).max(20);
        self.open_funds(year, comers)?;
        let period = Period::try_new(
            NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(SIGNED_ON).max(SIGNED_ON),
            NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(SIGNED_ON),
        )?;
        let all: u64 = PLACES.iter().map(|place| place.weight).sum();
        for (indicator, per_thousand) in TARGETS {
            let value = comers * per_thousand / 1_000;
            self.set_target(indicator, period, None, None, value)?;
            self.set_target(indicator, period, None, Some(Sex::Female), value / 2)?;
            if !matches!(indicator, "registered" | "trained" | "financed") {
                continue;
            }
            for place in &PLACES {
                let region: RegionCode = place.region.parse()?;
                if region.valid_on(date(self.today())) {
                    let share = value * place.weight / all;
                    self.set_target(indicator, period, Some(region), None, share)?;
                }
            }
        }
        Ok(())
    }

    fn set_target(
        &mut self,
        indicator: &str,
        period: Period,
        region: Option<RegionCode>,
        sex: Option<Sex>,
        value: u64,
    ) -> Result<(), GenerateError> {
        let indicator = Slug::try_new(indicator)?;
        let target = Target { indicator, period, region, sex, value: Within::try_new(value)? };
        self.command_programme(ProgrammeCommand::SetTarget(target))
    }

    /// A command of the programme's own. Everything rests on it, so a refusal ends the generation.
    pub(crate) fn command_programme(
        &mut self,
        command: ProgrammeCommand,
    ) -> Result<(), GenerateError> {
        let author = self.of_office(0, Role::Director, self.today());
        let mut context = self.context(self.programme_id, &author);
        context.programme = Arc::default();
        let recording = self.recording(None, &author);
        let word = command.word();
        let events = programme::decide(&self.programme, command, &context)
            .map_err(|refusal| GenerateError::Refused { word, refusal })?;
        for event in events {
            let version = self.programme.version;
            let own = write::<Programme>(self.programme_id, version, &event, &recording, 0);
            Arc::make_mut(&mut self.programme).take(&event);
            self.ledger.add(AppendRequest { writes: vec![own], ..AppendRequest::default() });
        }
        Ok(())
    }
}

fn newer_rules() -> Result<Rules, GenerateError> {
    let age = |max| {
        Ok::<_, GenerateError>(AgeRange { min: Within::try_new(15)?, max: Within::try_new(max)? })
    };
    Ok(Rules {
        age_women: age(40)?,
        age_men: age(35)?,
        max_education: Some("5".parse()?),
        ..Rules::default()
    })
}
