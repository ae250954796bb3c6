//! Training groups: planned when enough people wait, eight sessions in two weeks, a register each.

use std::collections::BTreeMap;

use chrono::{Datelike, Weekday};
use sira_domain::cohort::{
    self, Cohort, CohortCode, CohortCommand, CohortPlan, Register, SessionPlan, Sheet,
    SheetCorrection, SheetLine, correct_register, take_register,
};
use sira_domain::names::alias_of_cohort;
use sira_domain::path::facts::Nothing;
use sira_domain::path::{Beneficiary, Stage, Status};
use sira_domain::reference::ModuleCode;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, Period, ProgrammeId, Text, Within};
use sira_journal::{Alias, AppendRequest};
use sira_numbers::counted;
use uuid::Uuid;

use crate::agenda::{GroupStep, Step};
use crate::calendar::{Day, date};
use crate::error::GenerateError;
use crate::ledger::write;
use crate::world::{Attribution, World};

/// Seats of a group.
const SEATS: usize = 25;
/// A group is planned when so many wait.
const ENOUGH: usize = 22;
/// Or when somebody has waited so long, and how many are needed then.
const PATIENCE: [(Day, usize); 2] = [(60, 6), (150, 1)];
/// Days after the first on which there is a session.
const SESSIONS: [Day; 8] = [0, 1, 2, 3, 7, 8, 9, 10];
/// Hours of a session.
const HOURS: u64 = 6;
/// Days after the last session by which every register is in.
const REGISTERS_IN: Day = 14;

/// A training group.
pub(crate) struct Group {
    pub id: Uuid,
    pub cohort: Cohort,
    office: usize,
    pub members: Vec<u32>,
}

impl World {
    /// Plans groups on Mondays, where enough people wait.
    pub fn plan_groups(&mut self) -> Result<(), GenerateError> {
        let today = self.today();
        let on = date(today);
        if on.weekday() != Weekday::Mon {
            return Ok(());
        }
        // Fields first: in the rains a group begins only when people have waited long.
        let in_rains = matches!(on.month(), 7 | 8);
        for office in 0..self.offices.len() {
            while self.is_group_due(office, in_rains) {
                self.plan_one_group(office)?;
            }
        }
        Ok(())
    }

    fn is_group_due(&self, office: usize, in_rains: bool) -> bool {
        let pool = &self.offices[office].pool;
        let Some((since, _)) = pool.first() else { return false };
        let waited = self.today() - since;
        let is_full = pool.len() >= ENOUGH && (!in_rains || waited >= 45);
        is_full || PATIENCE.iter().any(|(days, people)| waited >= *days && pool.len() >= *people)
    }

    fn plan_one_group(&mut self, office: usize) -> Result<(), GenerateError> {
        let (today, now) = (self.today(), self.now());
        let id = self.ledger.id(now);
        let desk = &mut self.offices[office];
        desk.cohorts += 1;
        let seats = desk.pool.len().min(SEATS);
        let chosen: Vec<(Day, u32)> = desk.pool.drain(..seats).collect();
        let first = today + 14;
        let plan = CohortPlan {
            programme: ProgrammeId(self.programme_id),
            code: CohortCode::try_new(&format!("{}-{:04}", desk.code, desk.cohorts))?,
            office: desk.code.clone(),
            centre: Text::try_new(&format!("Centre de formation de {}", desk.region.chef_lieu()))?,
            capacity: Within::try_new(SEATS as u64)?,
            modules: ModuleCode::reference().collect(),
            trainer: desk.trainer.clone(),
            period: Period::try_new(date(first), date(first + 25))?,
        };
        let group = counted(self.groups.len());
        self.groups.push(Some(Group {
            id,
            cohort: Cohort::default(),
            office,
            members: Vec::new(),
        }));
        self.group_places.insert(id, group);
        self.command_group(group, Role::Adviser, CohortCommand::PlanCohort(plan))?;
        self.schedule(group, first)?;
        for (_, place) in chosen {
            self.call_up(place, group);
        }
        Ok(())
    }

    fn call_up(&mut self, place: u32, group: u32) {
        let today = self.today();
        if let Some(mut case) = self.cases.take(place) {
            let on = today + 1 + case.chance.few(9);
            self.plan_recorded(place, &mut case, on, on, Step::Enrol(group));
            // It does not wait in the pool any more.
            case.pending -= 1;
            self.cases.put(place, case);
        }
    }

    fn schedule(&mut self, group: u32, first: Day) -> Result<(), GenerateError> {
        let modules: Vec<ModuleCode> = ModuleCode::reference().collect();
        for (number, after) in (0_u32..).zip(SESSIONS) {
            let on = first + after;
            let plan = SessionPlan {
                session: CohortCode::try_new(&format!("s{}", number + 1))?,
                on: date(on),
                hours: Within::try_new(HOURS)?,
                minutes: None,
                module: modules.get(number as usize / 2).cloned(),
            };
            self.command_group(group, Role::Trainer, CohortCommand::ScheduleSession(plan))?;
            // Sheets are of paper where the network is not.
            let late = match (group + 7 * number) % 20 {
                0 => 9,
                1 | 2 => 3,
                _ => 0,
            };
            self.plan_group(group, on, on + late, GroupStep::Session(number));
        }
        let last = first + SESSIONS[SESSIONS.len() - 1];
        self.plan_group(group, last, last + REGISTERS_IN, GroupStep::End);
        Ok(())
    }

    fn command_group(
        &mut self,
        group: u32,
        role: Role,
        command: CohortCommand,
    ) -> Result<(), GenerateError> {
        let Some(office) = self.group(group).map(|group| group.office) else { return Ok(()) };
        let author = self.of_office(office, role, self.today());
        let word = command.word();
        let alias = alias_of_cohort(&command);
        let recording = self.recording(Some(office), &author);
        let id = self.group(group).map(|group| group.id).unwrap_or_default();
        let context = self.context(id, &author);
        let Some(group) = self.groups.get_mut(group as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        let events = match cohort::decide(&group.cohort, command, &context) {
            Ok(events) => events,
            Err(refusal) => return Err(GenerateError::Refused { word, refusal }),
        };
        for event in events {
            let own = write::<Cohort>(id, group.cohort.version, &event, &recording, 0);
            let alias = alias.clone().map(|alias| Alias { alias, stream: own.stream.clone() });
            group.cohort.take(&event);
            self.ledger.add(AppendRequest { writes: vec![own], alias, ..AppendRequest::default() });
        }
        Ok(())
    }

    pub(crate) fn group(&self, group: u32) -> Option<&Group> {
        self.groups.get(group as usize)?.as_ref()
    }

    /// What is due for a group.
    pub fn run_group(&mut self, group: u32, on: Day, step: GroupStep) -> Result<(), GenerateError> {
        match step {
            GroupStep::Session(number) => self.record_session(group, on, number),
            GroupStep::End => self.end_group(group, on),
        }
    }

    fn record_session(&mut self, number: u32, on: Day, session: u32) -> Result<(), GenerateError> {
        let Some(mut group) = self.groups.get_mut(number as usize).and_then(Option::take) else {
            return Ok(());
        };
        let code = CohortCode::try_new(&format!("s{}", session + 1))?;
        let lines = self.sheet(&group, on);
        if let Some(first) = lines.first().copied() {
            self.record_sheet(&mut group, on, &Sheet { session: code.clone(), lines });
            // On one sheet in fifteen the first line is of somebody else.
            if (number + 7 * session).is_multiple_of(15) {
                let line = SheetLine { present: !first.present, ..first };
                let reason = Text::try_new("Ligne de quelqu'un d'autre")?;
                let correction = SheetCorrection { session: code, lines: vec![line], reason };
                self.correct_sheet(&mut group, on, &correction);
            }
        }
        self.groups[number as usize] = Some(group);
        Ok(())
    }

    /// A line for everybody who holds a seat and is in training.
    fn sheet(&mut self, group: &Group, on: Day) -> Vec<SheetLine> {
        let mut lines = Vec::with_capacity(group.members.len());
        for place in &group.members {
            let Some(mut case) = self.cases.take(*place) else { continue };
            let state = case.path.state();
            let in_training = (state.stage, state.status) == (Stage::Training, Status::Active)
                && state.continues_as.is_none();
            let beneficiary = BeneficiaryId(case.id);
            let since = group.cohort.members.get(&beneficiary);
            if in_training && since.is_some_and(|since| *since <= date(on)) {
                let diligence = case.diligence;
                let present = case.chance.in_thousand(diligence);
                lines.push(SheetLine { beneficiary, present, minutes_present: None });
            }
            self.cases.put(*place, case);
        }
        lines
    }

    fn record_sheet(&mut self, group: &mut Group, on: Day, sheet: &Sheet) {
        let author = self.of_office(group.office, Role::Trainer, on);
        let context = self.context(group.id, &author);
        let taken = take_register(&group.cohort, sheet, &self.paths_of(group), &context);
        self.write_register(group, &author, "record-register", taken);
    }

    fn correct_sheet(&mut self, group: &mut Group, on: Day, correction: &SheetCorrection) {
        let author = self.of_office(group.office, Role::Trainer, on);
        let context = self.context(group.id, &author);
        let paths = self.paths_of(group);
        // The lines of those who have left are counted too, and their paths are at hand no more.
        if !group.cohort.joined.keys().all(|member| paths.contains_key(member)) {
            return;
        }
        let corrected = correct_register(&group.cohort, correction, &paths, &context);
        self.write_register(group, &author, "correct-register", corrected);
    }

    fn paths_of(&self, group: &Group) -> BTreeMap<BeneficiaryId, &Beneficiary> {
        let members = group.members.iter().filter_map(|place| self.cases.get(*place));
        members.map(|case| (BeneficiaryId(case.id), &case.path)).collect()
    }

    /// The register as one append: every member's path, then the group, as a server writes it.
    fn write_register(
        &mut self,
        group: &mut Group,
        author: &Attribution,
        word: &'static str,
        decided: Result<Option<Register>, Refusal>,
    ) {
        let register = match decided {
            Ok(Some(register)) => register,
            Ok(None) => return,
            Err(refusal) => {
                self.ledger.refused(word, &refusal);
                return;
            }
        };
        let recording = self.recording(Some(group.office), author);
        let mut writes = Vec::with_capacity(register.attendance.len() + 1);
        let mut attendance: BTreeMap<_, _> = register.attendance.into_iter().collect();
        for place in &group.members {
            let Some(mut case) = self.cases.take(*place) else { continue };
            if let Some(event) = attendance.remove(&BeneficiaryId(case.id)) {
                let version = case.path.version();
                writes.push(write::<Beneficiary>(
                    case.id,
                    version,
                    &event,
                    &recording,
                    event.rules,
                ));
                case.path.take(event);
            }
            self.cases.put(*place, case);
        }
        writes.push(write::<Cohort>(
            group.id,
            group.cohort.version,
            &register.counts,
            &recording,
            0,
        ));
        group.cohort.take(&register.counts);
        self.ledger.add(AppendRequest { writes, ..AppendRequest::default() });
    }

    /// The last register is in: everybody is assessed, and the group is closed.
    fn end_group(&mut self, number: u32, on: Day) -> Result<(), GenerateError> {
        self.command_group(number, Role::Adviser, CohortCommand::CloseCohort(Nothing {}))?;
        let Some(group) = self.groups.get_mut(number as usize).and_then(Option::as_mut) else {
            return Ok(());
        };
        for place in std::mem::take(&mut group.members) {
            let Some(mut case) = self.cases.take(place) else { continue };
            let state = case.path.state();
            if (state.stage, state.status) == (Stage::Training, Status::Active) {
                let later = case.chance.few(4);
                self.plan_recorded(place, &mut case, on, self.today() + later, Step::Assess(1));
            }
            // It does not sit in the group any more.
            case.pending -= 1;
            self.cases.put(place, case);
        }
        Ok(())
    }
}
