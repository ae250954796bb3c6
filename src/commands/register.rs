//! A session's register: the cohort and every member in one append.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sira_domain::cohort::{
    COHORT_COMMANDS, Cohort, CohortCommand, Register, SEATS_MAX, Sheet, SheetCorrection, SheetLine,
    correct_register, take_register,
};
use sira_domain::path::{Beneficiary, BeneficiaryEvent};
use sira_domain::values::BeneficiaryId;
use sira_numbers::Position;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::aggregate::{Aggregate, parse, stream_id};
use super::answer::Answer;
use super::cache::{Loaded, new_event};
use super::call::Dated;
use super::form::{FieldError, Form, FormRule};
use super::path::{EVENT_BYTES, FoundPath};
use super::pipeline::{Appended, Attempt, Pipeline, carry_out, check_call, in_task};
use super::{Call, CommandError, Commands};
use crate::journal::{AppendRequest, StreamWrite};

/// The words of the commands on a register, which span the members' streams.
pub const REGISTER_COMMANDS: [&str; 2] = ["record-register", "correct-register"];

/// A sheet on its way.
struct SheetCommand<'a> {
    commands: &'a Commands,
    id: Uuid,
    sheet: Told,
    call: Call,
}

/// A sheet as it is told for the first time, or put right.
enum Told {
    First(Sheet),
    Corrected(SheetCorrection),
}

impl Told {
    fn lines(&self) -> &[SheetLine] {
        match self {
            Self::First(sheet) => &sheet.lines,
            Self::Corrected(correction) => &correction.lines,
        }
    }
}

/// A cohort and the paths that a register is decided on, and the turns at all of these.
struct Room<'a> {
    id: Uuid,
    cohort: Arc<Loaded<Cohort>>,
    members: BTreeMap<BeneficiaryId, FoundPath>,
    _turns: Vec<MutexGuard<'a, ()>>,
}

impl Commands {
    /// Records a session's sheet: a line for every member in training, all of them or none. Or puts lines of
    /// one that was recorded right.
    ///
    /// # Errors
    /// Whatever forbids it, with the number of the line; nothing is appended then.
    pub async fn record_register(
        &self,
        id: Uuid,
        word: &'static str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        self.check_alone()?;
        let commands = self.clone();
        in_task(word, async move {
            commands.check_seen::<Cohort>(id, &call).await?;
            let (sheet, dated) = commands.read_sheet(word, body, &call).await?;
            let call = call.dated(dated);
            carry_out(SheetCommand { commands: &commands, id, sheet, call }).await
        })
        .await
    }

    /// Reads a sheet. Members may stand on it by their references.
    async fn read_sheet(
        &self,
        word: &str,
        mut body: Map<String, Value>,
        call: &Call,
    ) -> Result<(Told, Dated), CommandError> {
        let mut wrong = Vec::new();
        if let Some(lines) = body.get_mut("lines").and_then(Value::as_array_mut) {
            if lines.len() > SEATS_MAX as usize {
                let rule = FormRule::ListLength { min: 1, max: Some(SEATS_MAX.into()) };
                return Err(CommandError::Form(FieldError::new("/lines", rule).into()));
            }
            for (index, line) in lines.iter_mut().enumerate() {
                let Some(given) = line.get_mut("beneficiary") else { continue };
                match self.id_of(given, call).await? {
                    Ok(id) => *given = id.to_string().into(),
                    Err(rule) => {
                        wrong.push(FieldError::new(format!("/lines/{index}/beneficiary"), rule));
                    }
                }
            }
        }
        if !wrong.is_empty() {
            let entry = COHORT_COMMANDS.iter().find(|entry| entry.word == word);
            let entry = entry.ok_or(CommandError::NoSuchCommand)?;
            return Err(Form::of_command(entry).explain(&Value::Object(body), wrong).into());
        }
        match parse::<Cohort>(word, body)? {
            (CohortCommand::RecordRegister(sheet), dated) => Ok((Told::First(sheet), dated)),
            (CohortCommand::CorrectRegister(sheet), dated) => Ok((Told::Corrected(sheet), dated)),
            _ => Err(CommandError::NoSuchCommand),
        }
    }
}

impl<'a> Pipeline for SheetCommand<'a> {
    type Loaded = Room<'a>;
    type Decided = Option<(Register, AppendRequest)>;

    fn commands(&self) -> &Commands {
        self.commands
    }

    fn call(&self) -> &Call {
        &self.call
    }

    /// Everything is read as it stands, so that a refusal is said of the present state.
    async fn load(&mut self) -> Result<Room<'a>, CommandError> {
        let (commands, id) = (self.commands, self.id);
        let fresh = commands.0.journal.freshness().await?;
        let cohort = commands.since::<Cohort>(&fresh, id).await?.ok_or(CommandError::NotFound)?;
        // Whoever left since may have been there on the day of the session, and a correction counts the lines of
        // those who have left, too.
        let joined = cohort.state.joined.keys().copied();
        let on_sheet = self.sheet.lines().iter().map(|line| line.beneficiary);
        let ids: BTreeSet<BeneficiaryId> = joined.chain(on_sheet).collect();
        let turns = commands.0.beneficiaries.turns(ids.iter().map(|id| id.0)).await;
        let mut members = BTreeMap::new();
        for member in ids {
            match commands.find_since(&fresh, member.0).await {
                Ok(case) => drop(members.insert(member, case)),
                // The domain names the line.
                Err(CommandError::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(Room { id, cohort, members, _turns: turns })
    }

    async fn decide(&mut self, room: &Room<'a>) -> Result<Self::Decided, CommandError> {
        let programme = Aggregate::programme(&*room.cohort.state).unwrap_or_default();
        let programme = self.commands.known_programme(programme).await?;
        check_call(room.id, &room.cohort, &programme, &self.call)?;
        let context = self.commands.context(room.id, &programme, &self.call);
        let paths: BTreeMap<BeneficiaryId, &Beneficiary> =
            room.members.iter().map(|(id, case)| (*id, &*case.path.state)).collect();
        let cohort = &room.cohort.state;
        let register = match &self.sheet {
            Told::First(sheet) => take_register(cohort, sheet, &paths, &context)?,
            Told::Corrected(sheet) => correct_register(cohort, sheet, &paths, &context)?,
        };
        match register {
            None => Ok(None),
            Some(register) => {
                let request = self.request_of(room, &register).await?;
                Ok(Some((register, request)))
            }
        }
    }

    /// Durable when it returns `Committed`: the cohort's event and every member's, or none. A crash
    /// before that leaves nothing; after it, the retry is answered by its key, or finds the register
    /// recorded.
    async fn append(
        &mut self,
        room: Room<'a>,
        decided: Self::Decided,
    ) -> Result<Attempt, CommandError> {
        let answer = answer_of(&room, decided.as_ref().map(|(register, _)| register));
        let Some((register, request)) = decided else { return Ok(Attempt::Done(answer)) };
        let request = AppendRequest { answer: answer.text(), ..request };
        match self.commands.append(request).await? {
            Appended::Committed(committed) => {
                let at = (committed.position, committed.recorded_at);
                self.commands.keep_members(&room, register.attendance, at);
                let version = committed.versions.last().copied().unwrap_or_default();
                Ok(Attempt::Done(Answer { version, position: committed.position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Done(Answer { id: room.id, ..answer })),
            Appended::Moved => {
                room.members.values().for_each(|case| self.commands.forget_path(case));
                Ok(Attempt::Anew)
            }
        }
    }
}

impl SheetCommand<'_> {
    /// Every member's event, and behind these the cohort's.
    async fn request_of(
        &self,
        room: &Room<'_>,
        register: &Register,
    ) -> Result<AppendRequest, CommandError> {
        let mut request = AppendRequest { key: self.call.key.clone(), ..AppendRequest::default() };
        let mut programme = Arc::default();
        for (member, event) in &register.attendance {
            let case = &room.members[member];
            request.writes.push(case.write(std::slice::from_ref(event), &self.call));
            if request.guards.is_empty() {
                request.guards.push(case.programme_guard());
                programme = case.programme.state.clone();
            }
        }
        if let Told::Corrected(_) = self.sheet {
            // The counts are of every path as it was read, and of the register as it stood.
            let changed = |member: &&BeneficiaryId| {
                register.attendance.iter().any(|(other, _)| other == *member)
            };
            let read = room.members.iter().filter(|(member, _)| !changed(member));
            request.guards.extend(read.map(|(_, case)| case.guard()));
            // Whoever joins meanwhile may have a line by then: the cohort stands as it was read, too.
            request.writes.push(StreamWrite {
                stream: stream_id::<Cohort>(room.id),
                expected_version: room.cohort.state.version,
                events: vec![new_event(&register.counts, &self.call, 0)],
            });
            return Ok(request);
        }
        let (id, counts) = (room.id, &register.counts);
        let conditional =
            self.commands.conditional_write::<Cohort>(id, counts, &self.call, &programme).await?;
        request.conditional.extend(conditional);
        Ok(request)
    }
}

impl Commands {
    /// The members' events stand in the append one after the other, before the cohort's.
    fn keep_members(
        &self,
        room: &Room<'_>,
        attendance: Vec<(BeneficiaryId, BeneficiaryEvent)>,
        (last, recorded_at): (Position, DateTime<Utc>),
    ) {
        let first = last.minus(attendance.len() as u64);
        for (position, (member, event)) in first.through(last).zip(attendance) {
            let case = &room.members[&member];
            let loaded = case.path.after(vec![event], position, recorded_at, EVENT_BYTES);
            self.keep_path(case, loaded);
        }
    }
}

fn answer_of(room: &Room<'_>, register: Option<&Register>) -> Answer {
    let types = register.map_or_else(Vec::new, |register| {
        let counts = std::iter::once(register.counts.fact.event_type());
        let attendance = register.attendance.iter().map(|(_, event)| event.fact.event_type());
        counts.chain(attendance).map(str::to_owned).collect()
    });
    Answer::of(room.id, &room.cohort, types)
}
