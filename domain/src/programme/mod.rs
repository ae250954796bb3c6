//! The programme: the convention with its parties and term, its rules, targets and offices.

mod command;
mod event;
mod gate;
pub mod lottery;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use command::{PROGRAMME_COMMANDS, ProgrammeCommand, ProgrammeVerb, decide, may_follow};
pub use event::{
    Convention, Lottery, Office, OfficeName, PROGRAMME_FACTS, Party, ProgrammeEvent, ProgrammeFact,
    Renewal, RulesRequest, Target,
};
pub use gate::gate;
pub use rules::{AgeRange, Ceilings, RuleSet, Rules};

use crate::refusal::Refusal;
use crate::values::{OfficeCode, Period, Slug};

/// An office and when it was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeState {
    /// The office as it was opened.
    #[serde(flatten)]
    pub office: Office,
    /// First day on which it is open.
    pub opened_on: NaiveDate,
    /// Last day on which it is open; none while it stays open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
}

impl OfficeState {
    /// Tells whether it is open on `day`.
    #[must_use]
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.opened_on <= day && self.closed_on.is_none_or(|closed| day <= closed)
    }
}

/// A programme. All of it is derived from its events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Programme {
    /// Sequence of the last event; 0 before the first.
    pub version: u64,
    /// The convention; none before it is signed.
    pub convention: Option<Convention>,
    /// Years added by renewals.
    pub renewed_years: u32,
    /// Rules by version, the first being version 1.
    pub rule_sets: Vec<RuleSet>,
    /// Targets; the last one set for the same indicator, period, region and sex stands.
    pub targets: Vec<Target>,
    /// Offices by code.
    pub offices: BTreeMap<OfficeCode, OfficeState>,
    /// The draw of each lottery, with its entries, by the lottery's word.
    pub lotteries: BTreeMap<Slug, Draw>,
}

/// A lottery's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Everybody who was entered.
    pub entries: BTreeSet<Uuid>,
    /// Those who were drawn.
    pub drawn: BTreeSet<Uuid>,
}

impl Programme {
    /// The type's name in the journal.
    pub const TYPE: &'static str = "programme";

    /// The convention's term with its renewals; none before it is signed.
    #[must_use]
    pub fn term(&self) -> Option<Period> {
        let convention = self.convention.as_ref()?;
        let years = convention.term_years.get() + self.renewed_years;
        let end = convention.signed_on.checked_add_months(Months::new(12 * years))?;
        Period::try_new(convention.signed_on, end.checked_sub_days(Days::new(1))?).ok()
    }

    /// The rules that a fact of `day` is judged by, with their version: the last set that applies
    /// from that day or earlier; version 0, the defaults, before any.
    #[must_use]
    pub fn rules_on(&self, day: NaiveDate) -> (u32, std::borrow::Cow<'_, Rules>) {
        let set = self
            .rule_sets
            .iter()
            .filter(|set| set.effective_from <= day)
            .max_by_key(|set| set.version);
        set.map_or((0, std::borrow::Cow::Owned(Rules::default())), |set| {
            (set.version, std::borrow::Cow::Borrowed(&set.rules))
        })
    }

    /// The rules of a version; the defaults for 0 or a version that is not known.
    #[must_use]
    pub fn rules_of(&self, version: u32) -> std::borrow::Cow<'_, Rules> {
        let set = self.rule_sets.iter().find(|set| set.version == version);
        set.map_or(std::borrow::Cow::Owned(Rules::default()), |set| {
            std::borrow::Cow::Borrowed(&set.rules)
        })
    }

    /// Refuses an office that is unknown or not open on `day`.
    ///
    /// # Errors
    /// [`Refusal::OfficeClosed`].
    pub fn check_office(
        &self,
        office: &OfficeCode,
        day: NaiveDate,
    ) -> Result<&OfficeState, Refusal> {
        let state = self.offices.get(office);
        state.filter(|state| state.is_open_on(day)).ok_or_else(|| Refusal::OfficeClosed {
            office: office.clone(),
            open: state.map(|state| Period {
                from: state.opened_on,
                to: state.closed_on.unwrap_or(NaiveDate::MAX),
            }),
            on: day,
        })
    }

    /// Takes the next event in.
    pub fn take(&mut self, event: &ProgrammeEvent) {
        self.version += 1;
        match &event.fact {
            ProgrammeFact::ConventionSigned(convention) => {
                self.convention = Some(convention.clone());
            }
            ProgrammeFact::ConventionRenewed(renewal) => {
                self.renewed_years += renewal.term_years.get();
            }
            ProgrammeFact::RulesSet(set) => self.rule_sets.push(set.clone()),
            ProgrammeFact::TargetSet(target) => {
                self.targets.retain(|standing| !target.is_for_the_same(standing));
                self.targets.push(target.clone());
            }
            ProgrammeFact::OfficeOpened(office) => {
                let (opened_on, closed_on) = (event.occurred_on, None);
                let state = OfficeState { office: office.clone(), opened_on, closed_on };
                self.offices.insert(office.office.clone(), state);
            }
            ProgrammeFact::OfficeClosed(name) => {
                if let Some(office) = self.offices.get_mut(&name.office) {
                    office.closed_on = Some(event.occurred_on);
                }
            }
            ProgrammeFact::LotteryDrawn(lottery) => {
                self.lotteries.insert(lottery.session.clone(), draw_of(lottery));
            }
        }
    }
}

fn draw_of(lottery: &Lottery) -> Draw {
    let places = usize::try_from(lottery.places.get()).unwrap_or(usize::MAX);
    let drawn = lottery::draw(&lottery.entries, lottery.seed.as_str(), places);
    Draw { entries: lottery.entries.iter().copied().collect(), drawn: drawn.into_iter().collect() }
}

impl Target {
    /// Tells whether both are of one indicator, period, region and sex: the later of the two stands.
    #[must_use]
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        (&self.indicator, self.period, self.region, self.sex)
            == (&other.indicator, other.period, other.region, other.sex)
    }
}

crate::aggregate::aggregate!(
    Programme,
    ProgrammeCommand,
    ProgrammeEvent,
    decide,
    |state, event| state.take(&event)
);
