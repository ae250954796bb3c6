//! A session's register: the cohort and every member in one append.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::cohort::{Cohort, CohortCommand, Register, SEATS_MAX, Sheet, take_register};
use sira_domain::context::Context;
use sira_domain::path::{Beneficiary, BeneficiaryEvent};
use sira_domain::refusal::Refusal;
use sira_domain::values::BeneficiaryId;
use tracing::Instrument;
use uuid::Uuid;

use super::link::{programme_guard, write_of};
use super::path::Case;
use super::own::Own;
use super::draft::{read_form_error, take_day};
use super::cache::Loaded;
use super::{ATTEMPTS_MAX, Answer, Appended, Call, CommandError, Commands, FormError, refusal_of};
use crate::journal::AppendRequest;
use crate::telemetry::spans;

/// What a register is decided on.
struct Room {
    id: Uuid,
    cohort: Arc<Loaded<Cohort>>,
    members: BTreeMap<BeneficiaryId, Case>,
}

impl Commands {
    /// Records a session's sheet: a line for every member in training, all of them or none.
    ///
    /// # Errors
    /// Whatever forbids it, with the number of the line; nothing is appended then.
    pub async fn record_register(
        &self,
        id: Uuid,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let commands = self.clone();
        // In a task of its own: a client that hangs up must not cut a command between commit and
        // answer.
        let carried_out = async move { commands.register_sheet(id, body, call).await };
        let task = tokio::spawn(carried_out.instrument(spans::command("record-register")));
        task.await.map_err(|_| crate::journal::JournalError::Closed)?
    }

    async fn register_sheet(
        &self,
        id: Uuid,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let occurred_on = take_day(&mut body)?.or(call.occurred_on);
        let call = Call { occurred_on, ..call };
        self.resolve_lines(&mut body).await?;
        let command = CohortCommand::parse("record-register", Value::Object(body));
        let command = command.ok_or(CommandError::NoSuchCommand)?;
        let command = command.map_err(|error| read_form_error(&error))?;
        let CohortCommand::RecordRegister(sheet) = command else {
            return Err(CommandError::NoSuchCommand);
        };
        for _ in 0..ATTEMPTS_MAX {
            if let Some(answer) = self.register_once(id, &sheet, &call).await? {
                return Ok(answer);
            }
        }
        Err(CommandError::Contended(ATTEMPTS_MAX))
    }

    /// Members may stand on a sheet by their references.
    async fn resolve_lines(&self, body: &mut Map<String, Value>) -> Result<(), CommandError> {
        let Some(lines) = body.get_mut("lines").and_then(Value::as_array_mut) else {
            return Ok(());
        };
        if lines.len() > SEATS_MAX as usize {
            return Err(FormError::new("/lines", "list_length", format!("1..{SEATS_MAX}")).into());
        }
        for (index, line) in lines.iter_mut().enumerate() {
            if let Some(beneficiary) = line.get_mut("beneficiary") {
                let pointer = format!("/lines/{index}/beneficiary");
                *beneficiary = self.id_of(beneficiary, &pointer).await?;
            }
        }
        Ok(())
    }

    async fn register_once(
        &self,
        id: Uuid,
        sheet: &Sheet,
        call: &Call,
    ) -> Result<Option<Answer>, CommandError> {
        // Everything is read as it stands, so that a refusal is said of the present state.
        let fresh = self.0.journal.freshness().await?;
        let cohort = self.own_since::<Cohort>(&fresh, id).await?.ok_or(CommandError::NotFound)?;
        let ids: BTreeSet<BeneficiaryId> = cohort.state.members.keys().copied().collect();
        let on_sheet = sheet.lines.iter().map(|line| line.beneficiary);
        let ids: BTreeSet<BeneficiaryId> = ids.into_iter().chain(on_sheet).collect();
        let _turns = self.0.beneficiaries.turns(ids.iter().map(|id| id.0)).await;
        let mut members = BTreeMap::new();
        for member in ids {
            match self.find_since(&fresh, member.0).await {
                Ok(case) => drop(members.insert(member, case)),
                // The domain names the line.
                Err(CommandError::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
        let room = Room { id, cohort, members };
        match self.decide_register(&room, sheet, call).await {
            Ok(register) => self.store_register(&room, register, call).await,
            Err(error) => self.answered(call).await?.map(Some).ok_or(error),
        }
    }

    async fn decide_register(
        &self,
        room: &Room,
        sheet: &Sheet,
        call: &Call,
    ) -> Result<Option<Register>, CommandError> {
        let current = room.cohort.state.version;
        if let Some(expected) = call.if_match.filter(|expected| *expected != current) {
            return Err(CommandError::PreconditionFailed { expected, current });
        }
        let programme = Own::programme(&*room.cohort.state, None).unwrap_or_default();
        let programme = self.known_programme(programme).await?;
        if !room.cohort.state.is_within(room.id, &call.scope, &programme) {
            return Err(CommandError::OutOfScope);
        }
        let context = Context {
            now: self.0.clock.now(),
            occurred_on: call.occurred_on,
            actor: call.actor.clone(),
            role: call.role,
            subject: room.id,
            programme,
        };
        let paths: BTreeMap<BeneficiaryId, &Beneficiary> =
            room.members.iter().map(|(id, case)| (*id, &*case.path.state)).collect();
        let register = take_register(&room.cohort.state, sheet, &paths, &context);
        register.map_err(|refusal: Refusal| refusal.into())
    }

    async fn store_register(
        &self,
        room: &Room,
        register: Option<Register>,
        call: &Call,
    ) -> Result<Option<Answer>, CommandError> {
        let answer = answer_of(room, register.as_ref());
        let Some(register) = register else {
            return Ok(Some(answer));
        };
        let request = self.register_request(room, &register, call, &answer).await?;
        // Durable when it returns `Committed`: the cohort's event and every member's, or none. A crash
        // before that leaves nothing; after it, the retry is answered by its key, or finds the register
        // recorded.
        match self.append(request).await? {
            Appended::Committed(committed) => {
                let at = (committed.position, committed.recorded_at);
                self.keep_members(room, register.attendance, at);
                let version = committed.versions.last().copied().unwrap_or_default();
                Ok(Some(Answer { version, position: committed.position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Some(Answer { id: room.id, ..answer })),
            Appended::Forbidden(refusal) => Err(refusal_of(&refusal)),
            Appended::Moved => {
                room.members.values().for_each(|case| self.forget_case(case));
                Ok(None)
            }
        }
    }

    async fn register_request(
        &self,
        room: &Room,
        register: &Register,
        call: &Call,
        answer: &Answer,
    ) -> Result<AppendRequest, CommandError> {
        let mut request = AppendRequest {
            key: call.key.clone(),
            answer: serde_json::to_string(answer).unwrap_or_default(),
            ..AppendRequest::default()
        };
        let mut programme = Arc::default();
        for (member, event) in &register.attendance {
            let case = &room.members[member];
            request.writes.push(write_of(case, event, call));
            if request.guards.is_empty() {
                request.guards.push(programme_guard(case));
                programme = case.programme.state.clone();
            }
        }
        let conditional = self.refer::<Cohort>(room.id, &register.counts, call, &programme).await?;
        request.conditional.extend(conditional);
        Ok(request)
    }

    /// The members' events stand in the append one after the other, before the cohort's.
    fn keep_members(
        &self,
        room: &Room,
        attendance: Vec<(BeneficiaryId, BeneficiaryEvent)>,
        (last, recorded_at): (u64, chrono::DateTime<chrono::Utc>),
    ) {
        let first = last - attendance.len() as u64;
        for (position, (member, event)) in (first..).zip(attendance) {
            let case = &room.members[&member];
            let bytes = super::path::EVENT_BYTES;
            self.keep_path(case, case.path.after(vec![event], position, recorded_at, bytes));
        }
    }
}

fn answer_of(room: &Room, register: Option<&Register>) -> Answer {
    let events = register.map(|register| {
        let counts = std::iter::once(register.counts.fact.event_type());
        let attendance = register.attendance.iter().map(|(_, event)| event.fact.event_type());
        counts.chain(attendance).map(str::to_owned).collect()
    });
    Answer {
        id: room.id,
        reference: None,
        version: room.cohort.state.version,
        position: room.cohort.position,
        already_done: events.is_none(),
        events: events.unwrap_or_default(),
        duplicates: Vec::new(),
        replayed: false,
    }
}
