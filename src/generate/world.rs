//! The simulated world: who is where, what is due, and how a deed becomes events.
//!
//! Every deed goes through the domain's own decision, in the order of recorded time, and is taken
//! into the same states that a server folds; what a rule forbids is refused and leaves no trace.

use std::collections::HashMap;
use std::sync::Arc;

use sira_domain::beneficiary::facts::Sex;
use sira_domain::beneficiary::{
    BENEFICIARY_COMMANDS, BeneficiaryCommand, BeneficiaryEvent, decide,
};
use sira_domain::cohort::{self, Cohort};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund};
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, BeneficiaryId, KeyId, Sealed};
use uuid::Uuid;

use super::agenda::{Agenda, Due, GroupStep, Step};
use super::arrivals::Arrivals;
use super::calendar::{Calendar, Day, date};
use super::case::{Case, Cases};
use super::chance::Chance;
use super::error::GenerateError;
use super::funds::Envelopes;
use super::group::Group;
use super::ledger::{Ledger, write};
use super::names::Person;
use super::office::{Office, all_offices};
use crate::commands::{Call, alias_of, seal_context};
use crate::grant::Scope;
use crate::journal::{Alias, AppendRequest};
use crate::keys::PersonKey;

/// What the world is told.
pub(super) struct Settings {
    pub cases: u64,
    pub seed: u64,
    pub calendar: Calendar,
}

/// Where fresh keys come from.
pub(super) type Keys = Box<dyn FnMut() -> Result<PersonKey, GenerateError> + Send>;

/// The world.
pub(super) struct World {
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
pub(super) struct Deed {
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

    /// A day in the field that is not to come and not before registration: what is recorded today.
    pub fn context(&self, subject: Uuid, deed: &Deed) -> Context {
        Context {
            now: self.now(),
            occurred_on: Some(date(deed.on.min(self.today()))),
            actor: deed.actor.clone(),
            role: deed.role,
            subject,
            programme: self.programme.clone(),
        }
    }

    /// The call that a deed is recorded under. What was done away from the office and entered later
    /// names the tablet, and its own time.
    pub fn call(&mut self, office: Option<usize>, deed: &Deed) -> Call {
        let mut call = Call::local(deed.actor.clone(), deed.role, self.ledger.request_id());
        call.scope = Scope::All;
        call.client = Some(super::CLIENT.to_owned());
        if let (Some(office), Role::Adviser | Role::Trainer) = (office, deed.role) {
            let office = &self.offices[office];
            call.office = Some(office.code.clone());
            if deed.on + 2 < self.today() {
                call.device = Some(office.device.clone());
                let noon = chrono::TimeDelta::hours(12)
                    + chrono::TimeDelta::minutes(i64::from(deed.on % 240));
                call.device_time =
                    Some(date(deed.on).and_time(chrono::NaiveTime::MIN).and_utc() + noon);
            }
        }
        call
    }

    /// Does something for a person; false when it was refused.
    pub fn act(&mut self, case: &mut Case, deed: &Deed, command: BeneficiaryCommand) -> bool {
        self.try_act(case, deed, command).is_none()
    }

    /// Does something for a person; says what forbade it.
    pub fn try_act(
        &mut self,
        case: &mut Case,
        deed: &Deed,
        command: BeneficiaryCommand,
    ) -> Option<Refusal> {
        let word = command.word();
        let reference = match &command {
            BeneficiaryCommand::Register(registration) => Some(registration.reference),
            _ => None,
        };
        let events = match self.decide(case, deed, command) {
            Ok(events) => events,
            Err(refusal) => {
                self.ledger.refused(word, &refusal);
                return Some(refusal);
            }
        };
        let event = events.into_iter().next()?;
        let call = self.call(Some(case.office), deed);
        let neighbour = match self.neighbour(case, &event, &call) {
            Ok(neighbour) => neighbour,
            Err(refusal) => {
                self.ledger.refused(word, &refusal);
                return Some(refusal);
            }
        };
        let own = write::<sira_domain::beneficiary::Beneficiary>(
            case.id,
            case.path.version(),
            &event,
            &call,
            event.rules,
        );
        let alias = reference
            .map(|reference| Alias { alias: alias_of(reference), stream: own.stream.clone() });
        let writes = std::iter::once(own).chain(neighbour).collect();
        self.ledger.add(AppendRequest { writes, alias, ..AppendRequest::default() });
        case.path.take(event);
        None
    }

    fn decide(
        &self,
        case: &Case,
        deed: &Deed,
        command: BeneficiaryCommand,
    ) -> Result<Vec<BeneficiaryEvent>, Refusal> {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == command.word());
        // The gate of the HTTP edge, which is not passed here.
        if let Some(entry) = entry.filter(|entry| !entry.roles.contains(&deed.role)) {
            return Err(Refusal::NeedsRole { role: entry.roles[0] });
        }
        decide(&case.path, command, &self.context(case.id, deed))
    }

    /// What a path's event writes to a fund or a training group, once their rules have agreed.
    fn neighbour(
        &mut self,
        case: &Case,
        event: &BeneficiaryEvent,
        call: &Call,
    ) -> Result<Option<crate::journal::StreamWrite>, Refusal> {
        let path = BeneficiaryId(case.id);
        if let Some((id, theirs)) = fund::of_path(case.path.state(), event, path) {
            let Some(fund) = self.envelopes.fund(id) else { return Ok(None) };
            fund::lawful(fund, &theirs, &self.programme)?;
            let write = write::<Fund>(id.0, fund.version, &theirs, call, 0);
            fund.take(&theirs);
            return Ok(Some(write));
        }
        if let Some((id, theirs)) = cohort::of_path(event, path) {
            let at = self.group_places.get(&id.0).map(|place| *place as usize);
            let group = at.and_then(|at| self.groups.get_mut(at)).and_then(Option::as_mut);
            let Some(group) = group else { return Ok(None) };
            cohort::lawful(&group.cohort, &theirs, &self.programme)?;
            let write = write::<Cohort>(id.0, group.cohort.version, &theirs, call, 0);
            group.cohort.take(&theirs);
            return Ok(Some(write));
        }
        Ok(None)
    }

    /// Seals a text of a person for a field.
    pub fn seal(case: &Case, field: &str, text: &str) -> Result<Sealed, GenerateError> {
        let sealed = case.key.seal(&seal_context(case.id, field), text.as_bytes())?;
        Ok(Sealed::try_new(&sealed)?)
    }

    /// A deed of the case's adviser.
    pub fn by_adviser(&self, case: &Case, on: Day) -> Deed {
        let office = &self.offices[case.office];
        let actor = office.advisers[case.adviser % office.advisers.len()].clone();
        Deed { role: Role::Adviser, actor, on }
    }

    /// A deed of somebody else at the case's office.
    pub fn by(&self, case: &Case, role: Role, on: Day) -> Deed {
        self.of_office(case.office, role, on)
    }

    /// A deed of an office.
    pub fn of_office(&self, office: usize, role: Role, on: Day) -> Deed {
        let office = &self.offices[office];
        let actor = match role {
            Role::Trainer => &office.trainer,
            Role::Committee => &office.committee,
            Role::Finance => &office.finance,
            Role::Director => &office.director,
            _ => &office.advisers[0],
        };
        Deed { role, actor: actor.clone(), on }
    }

    /// A world before the convention.
    pub fn new(settings: Settings, keys: Keys) -> Result<Self, GenerateError> {
        let new_offices_open = super::calendar::day_of(super::programme::NEW_OFFICES_ON);
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
        let (first, yearly) = super::model::WOMEN;
        first + yearly * u64::from(day) / 365
    }

    /// The sex of who comes next.
    pub fn draw_sex(chance: &mut Chance, day: Day) -> Sex {
        if chance.in_thousand(Self::women_share(day)) { Sex::Female } else { Sex::Male }
    }
}
