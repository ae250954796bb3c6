//! How a deed becomes events: the domain decides, and what it decides is taken into the states that
//! a server folds; what a rule forbids leaves no trace.

use sira_domain::cohort::{self, Cohort};
use sira_domain::context::Context;
use sira_domain::fund::{self, Fund};
use sira_domain::path::{BENEFICIARY_COMMANDS, BeneficiaryCommand, BeneficiaryEvent, decide};
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::{BeneficiaryId, Sealed};
use uuid::Uuid;

use super::calendar::{Day, date};
use super::case::Case;
use super::error::GenerateError;
use super::ledger::write;
use super::world::{Deed, World};
use crate::commands::{Call, alias_of};
use crate::grant::Scope;
use crate::journal::{Alias, AppendRequest};
use crate::stored::seal_context;

impl World {
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
        let own = write::<sira_domain::path::Beneficiary>(
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
}
