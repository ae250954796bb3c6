//! The simulated world: who is where, what is due, and how a command becomes events.
//!
//! Every command goes through the domain's own decision, in the order of recorded time, and is taken
//! into the same states that a server folds; what a rule forbids is refused and leaves no trace.

use std::collections::HashMap;
use std::sync::Arc;

use sira_domain::path::facts::Sex;
use sira_domain::programme::Programme;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, KeyId};
use uuid::Uuid;

use crate::agenda::{Agenda, Due, GroupStep, Step};
use crate::arrivals::Arrivals;
use crate::calendar::{Calendar, Day};
use crate::case::{Case, Cases};
use crate::chance::Chance;
use crate::error::GenerateError;
use crate::funds::Envelopes;
use crate::group::Group;
use crate::keys::PersonalKey;
use crate::ledger::Ledger;
use crate::names::Person;
use crate::office::{Office, all_offices};

/// What the world is told.
pub(crate) struct Settings {
    pub cases: u64,
    pub seed: u64,
    pub calendar: Calendar,
}

/// Where fresh keys come from.
pub(crate) type Keys = Box<dyn FnMut() -> Result<Box<dyn PersonalKey>, GenerateError> + Send>;

/// The world.
pub(crate) struct World {
    pub settings: Settings,
    pub keys: Keys,
    pub programme_id: Uuid,
    pub programme: Arc<Programme>,
    pub offices: Vec<Office>,
    pub envelopes: Envelopes,
    pub groups: Vec<Option<Group>>,
    /// Where each group is.
    pub group_places: HashMap<Uuid, u32>,
    pub arrivals: Arrivals,
    pub cases: Cases,
    pub agenda: Agenda,
    pub ledger: Ledger,
    /// The moment that is being simulated.
    pub slot: u32,
    /// Registered so far.
    pub registered: u64,
    /// People whom another desk may write down again: place, id, and who they are.
    pub recent: Vec<(u32, Uuid, usize, Person)>,
    /// Keys whose destruction is decided.
    pub erased: Vec<KeyId>,
}

/// Who does something, and when it happened in the field.
pub(crate) struct Attribution {
    pub role: Role,
    pub actor: ActorId,
    pub on: Day,
}

impl World {
    /// The day that is being simulated.
    pub fn today(&self) -> Day {
        self.settings.calendar.day(self.slot)
    }

    /// The moment that is being simulated.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.settings.calendar.at(self.slot)
    }

    /// Plans a step: it happens on `on` and is recorded that day or the next working day, now and then
    /// days or weeks later. After the end of the simulation nothing is planned: the path stays where
    /// it is.
    pub fn plan(&mut self, place: u32, case: &mut Case, on: Day, step: Step) {
        let late = match case.chance.below(100) {
            0..86 => 0,
            86..95 => case.chance.days(3),
            _ => case.chance.days(16),
        };
        self.plan_recorded(place, case, on, on + late, step);
    }

    /// Plans a step that is recorded on a day of its own.
    pub fn plan_recorded(
        &mut self,
        place: u32,
        case: &mut Case,
        on: Day,
        recorded: Day,
        step: Step,
    ) {
        let draw = case.chance.bits();
        if let Some(slot) = self.settings.calendar.slot(recorded.max(on), draw) {
            case.pending += 1;
            self.agenda.add(slot.max(self.slot), Due::Case(place, on, step));
        }
    }

    /// Plans a step of a training group.
    pub fn plan_group(&mut self, group: u32, on: Day, recorded: Day, step: GroupStep) {
        if let Some(slot) = self.settings.calendar.slot(recorded, u64::from(group)) {
            self.agenda.add(slot.max(self.slot), Due::Group(group, on, step));
        }
    }

    /// A world before the convention.
    pub fn new(settings: Settings, keys: Keys) -> Result<Self, GenerateError> {
        let new_offices_open = crate::calendar::day_of(crate::programme::NEW_OFFICES_ON);
        Ok(Self {
            keys,
            programme_id: Uuid::nil(),
            programme: Arc::default(),
            offices: all_offices(new_offices_open)?,
            envelopes: Envelopes::default(),
            groups: Vec::new(),
            group_places: HashMap::new(),
            arrivals: Arrivals::new(settings.cases, settings.calendar),
            cases: Cases::default(),
            agenda: Agenda::new(settings.calendar.slots()),
            ledger: Ledger::new(settings.seed),
            slot: 0,
            registered: 0,
            recent: Vec::new(),
            erased: Vec::new(),
            settings,
        })
    }

    /// Simulates one moment.
    pub fn run_slot(&mut self, slot: u32) -> Result<(), GenerateError> {
        self.slot = slot;
        self.run_programme()?;
        self.register_arrivals()?;
        let mut index = 0;
        while let Some(due) = self.agenda.get(slot, index) {
            index += 1;
            match due {
                Due::Case(place, on, step) => self.run_case(place, on, step)?,
                Due::Group(group, on, step) => self.run_group(group, on, step)?,
            }
        }
        self.agenda.forget(slot);
        Ok(())
    }

    fn run_case(&mut self, place: u32, on: Day, step: Step) -> Result<(), GenerateError> {
        let Some(mut case) = self.cases.take(place) else { return Ok(()) };
        case.pending -= 1;
        // A duplicate is frozen: its person goes on elsewhere. Nothing is written about an erased one.
        let state = case.path.state();
        if state.continues_as.is_none() && !state.is_erased() {
            self.step(place, &mut case, on, step)?;
        }
        self.cases.put(place, case);
        Ok(())
    }

    /// Women's share among those who come on a day, in thousandths.
    pub fn women_share(day: Day) -> u64 {
        let (first, yearly) = crate::model::WOMEN;
        first + yearly * u64::from(day) / 365
    }

    /// The sex of who comes next.
    pub fn draw_sex(chance: &mut Chance, day: Day) -> Sex {
        if chance.in_thousand(Self::women_share(day)) { Sex::Female } else { Sex::Male }
    }
}
