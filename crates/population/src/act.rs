//! How a command becomes events: the domain decides, and what it decides is taken into the states that
//! a server folds; what a rule forbids leaves no trace.

use sira_domain::cohort::{self, Cohort};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund};
use sira_domain::names::alias_of_person;
use sira_domain::path::{BENEFICIARY_COMMANDS, BeneficiaryCommand, BeneficiaryEvent, decide};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, Sealed};
use sira_journal::{Alias, AppendRequest};
use uuid::Uuid;

use crate::calendar::{Day, date};
use crate::case::Case;
use crate::error::GenerateError;
use crate::keys;
use crate::ledger::write;
use crate::recording::Recording;
use crate::world::{Attribution, World};

impl World {
    /// A day in the field that is not to come and not before registration: what is recorded today.
    pub fn context(&self, subject: Uuid, author: &Attribution) -> Context {
        Context {
            now: self.now(),
            occurred_on: Some(date(author.on.min(self.today()))),
            backdating_reason: None,
            actor: author.actor.clone(),
            role: author.role,
            subject,
            programme: self.programme.clone(),
        }
    }

    /// How a command is recorded. What was done away from the office and entered later names the tablet, and
    /// its own time.
    pub fn recording(&mut self, office: Option<usize>, author: &Attribution) -> Recording {
        let mut recording = Recording {
            actor: author.actor.clone(),
            role: author.role,
            request_id: self.ledger.request_id(),
            office: None,
            device: None,
            device_time: None,
        };
        if let (Some(office), Role::Adviser | Role::Trainer) = (office, author.role) {
            let office = &self.offices[office];
            recording.office = Some(office.code.clone());
            if author.on + 2 < self.today() {
                recording.device = Some(office.device.clone());
                let noon = chrono::TimeDelta::hours(12)
                    + chrono::TimeDelta::minutes(i64::from(author.on % 240));
                recording.device_time =
                    Some(date(author.on).and_time(chrono::NaiveTime::MIN).and_utc() + noon);
            }
        }
        recording
    }

    /// Does something for a person; false when it was refused.
    pub fn act(
        &mut self,
        case: &mut Case,
        author: &Attribution,
        command: BeneficiaryCommand,
    ) -> bool {
        self.try_act(case, author, command).is_none()
    }

    /// Does something for a person; says what forbade it.
    pub fn try_act(
        &mut self,
        case: &mut Case,
        author: &Attribution,
        command: BeneficiaryCommand,
    ) -> Option<Refusal> {
        let word = command.word();
        let reference = match &command {
            BeneficiaryCommand::Register(registration) => Some(registration.reference),
            _ => None,
        };
        let events = match self.decide(case, author, command) {
            Ok(events) => events,
            Err(refusal) => {
                self.ledger.refused(word, &refusal);
                return Some(refusal);
            }
        };
        let event = events.into_iter().next()?;
        let recording = self.recording(Some(case.office), author);
        let neighbour = match self.neighbour(case, &event, &recording) {
            Ok(neighbour) => neighbour,
            Err(refusal) => {
                self.ledger.refused(word, &refusal);
                return Some(refusal);
            }
        };
        let own = write::<sira_domain::path::Beneficiary>(
            case.id,
            case.path.version(),
            &event,
            &recording,
            event.rules,
        );
        let alias = reference.map(|reference| Alias {
            alias: alias_of_person(reference),
            stream: own.stream.clone(),
        });
        let writes = std::iter::once(own).chain(neighbour).collect();
        self.ledger.add(AppendRequest { writes, alias, ..AppendRequest::default() });
        case.path.take(event);
        None
    }

    fn decide(
        &self,
        case: &Case,
        author: &Attribution,
        command: BeneficiaryCommand,
    ) -> Result<Vec<BeneficiaryEvent>, Refusal> {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == command.word());
        // The gate of the HTTP edge, which is not passed here.
        if let Some(entry) = entry.filter(|entry| !entry.roles.contains(&author.role)) {
            return Err(Refusal::NeedsRole { role: entry.roles[0] });
        }
        decide(&case.path, command, &self.context(case.id, author))
    }

    /// What a path's event writes to a fund or a training group, once their rules have agreed.
    fn neighbour(
        &mut self,
        case: &Case,
        event: &BeneficiaryEvent,
        recording: &Recording,
    ) -> Result<Option<sira_journal::StreamWrite>, Refusal> {
        let path = BeneficiaryId(case.id);
        if let Some((id, theirs)) = fund::of_path(case.path.state(), event, path) {
            let Some(fund) = self.envelopes.fund(id) else { return Ok(None) };
            fund::lawful(fund, &theirs, &self.programme)?;
            let write = write::<Fund>(id.0, fund.version, &theirs, recording, 0);
            fund.take(&theirs);
            return Ok(Some(write));
        }
        if let Some((id, theirs)) = cohort::of_path(event, path) {
            let at = self.group_places.get(&id.0).map(|place| *place as usize);
            let group = at.and_then(|at| self.groups.get_mut(at)).and_then(Option::as_mut);
            let Some(group) = group else { return Ok(None) };
            cohort::lawful(&group.cohort, &theirs, &self.programme)?;
            let write = write::<Cohort>(id.0, group.cohort.version, &theirs, recording, 0);
            group.cohort.take(&theirs);
            return Ok(Some(write));
        }
        Ok(None)
    }

    /// Seals a text of a person for a field.
    pub fn seal(case: &Case, field: &str, text: &str) -> Result<Sealed, GenerateError> {
        keys::seal(&*case.key, case.id, field, text.as_bytes())
    }

    /// The case's adviser, on a day.
    pub fn by_adviser(&self, case: &Case, on: Day) -> Attribution {
        let office = &self.offices[case.office];
        let actor = office.advisers[case.adviser % office.advisers.len()].clone();
        Attribution { role: Role::Adviser, actor, on }
    }

    /// Somebody else of the case's office.
    pub fn by(&self, case: &Case, role: Role, on: Day) -> Attribution {
        self.of_office(case.office, role, on)
    }

    /// Somebody of an office.
    pub fn of_office(&self, office: usize, role: Role, on: Day) -> Attribution {
        let office = &self.offices[office];
        let actor = match role {
            Role::Trainer => &office.trainer,
            Role::Committee => &office.committee,
            Role::Finance => &office.finance,
            Role::Director => &office.director,
            _ => &office.advisers[0],
        };
        Attribution { role, actor: actor.clone(), on }
    }
}
