//! Commands to a programme.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::context::Context;
use sira_domain::programme::{
    PROGRAMME_COMMANDS, Programme, ProgrammeCommand, ProgrammeEvent, decide,
};
use uuid::Uuid;

use super::beneficiary::new_id;
use super::request::{read_form_error, take_day};
use super::stream::{Loaded, Mark, stream_id};
use super::{ATTEMPTS_MAX, Answer, Appended, Call, CommandError, Commands};
use crate::journal::{AppendRequest, NewEvent, StreamWrite};

impl Commands {
    /// Begins a programme with its convention, under a new id.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn sign_convention(
        &self,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let id = new_id(&self.0.clock);
        self.programme_task(id, "sign-convention", body, call).await
    }

    /// Carries out a command on a programme.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn command_programme(
        &self,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if !PROGRAMME_COMMANDS.iter().any(|entry| entry.word == word) {
            return Err(CommandError::NoSuchCommand);
        }
        if self.current_programme(id).await?.is_none() {
            return Err(CommandError::NotFound);
        }
        self.programme_task(id, word, body, call).await
    }

    /// In a task of its own: a client that hangs up must not cut a command between commit and
    /// answer.
    async fn programme_task(
        &self,
        id: Uuid,
        word: &str,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let occurred_on = take_day(&mut body)?.or(call.occurred_on);
        let command = ProgrammeCommand::parse(word, Value::Object(body))
            .ok_or(CommandError::NoSuchCommand)?;
        let command = command.map_err(|error| read_form_error(&error))?;
        let (commands, call) = (self.clone(), Call { occurred_on, ..call });
        let task = tokio::spawn(async move {
            let _turn = commands.0.programmes.turn(id).await;
            for _ in 0..ATTEMPTS_MAX {
                if let Some(answer) = commands.programme_once(id, command.clone(), &call).await? {
                    return Ok(answer);
                }
            }
            Err(CommandError::Contended(ATTEMPTS_MAX))
        });
        task.await.map_err(|_| crate::journal::JournalError::Closed)?
    }

    /// One attempt; `None` when the stream moved and the decision has to be taken anew.
    async fn programme_once(
        &self,
        id: Uuid,
        command: ProgrammeCommand,
        call: &Call,
    ) -> Result<Option<Answer>, CommandError> {
        // A programme is written rarely, so it is always read as it stands.
        let mark = self.0.programmes.mark(id);
        let found = self.current_programme(id).await?.unwrap_or_default();
        let current = found.state.version;
        if let Some(expected) = call.if_match.filter(|expected| *expected != current) {
            // A retry names the version that its first attempt has left behind.
            let refused = CommandError::PreconditionFailed { expected, current };
            return self.answered(call).await?.map(Some).ok_or(refused);
        }
        let context = Context {
            now: self.0.clock.now(),
            occurred_on: call.occurred_on,
            actor: call.actor.clone(),
            role: call.role,
            subject: id,
            programme: Arc::default(),
        };
        match decide(&found.state, command, &context) {
            Ok(events) => self.store_programme(id, mark, &found, events, call).await,
            Err(refusal) => match self.answered(call).await? {
                Some(answer) => Ok(Some(answer)),
                None => Err(refusal.into()),
            },
        }
    }

    async fn store_programme(
        &self,
        id: Uuid,
        mark: Mark,
        found: &Loaded<Programme>,
        events: Vec<ProgrammeEvent>,
        call: &Call,
    ) -> Result<Option<Answer>, CommandError> {
        let answer = Answer {
            id,
            reference: None,
            version: found.state.version,
            position: found.position,
            events: events.iter().map(|event| event.fact.event_type().to_owned()).collect(),
            already_done: events.is_empty(),
            replayed: false,
        };
        if events.is_empty() && call.key.is_none() {
            return Ok(Some(answer));
        }
        let write = StreamWrite {
            stream: stream_id::<Programme>(id),
            expected_version: found.state.version,
            events: events.iter().map(|event| new_event(event, call)).collect(),
        };
        let writes = if events.is_empty() { Vec::new() } else { vec![write] };
        let stored = serde_json::to_string(&answer).unwrap_or_default();
        let request = AppendRequest {
            writes,
            guards: Vec::new(),
            alias: None,
            key: call.key.clone(),
            answer: stored,
        };
        match self.append(request).await? {
            Appended::Committed(committed) => {
                let loaded = found.after(events, committed.position, committed.recorded_at, 0);
                let version = loaded.state.version;
                self.0.programmes.put(id, mark, &Arc::new(loaded));
                Ok(Some(Answer { version, position: committed.position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Some(answer)),
            Appended::Moved => {
                self.0.programmes.forget(id);
                Ok(None)
            }
        }
    }
}

fn new_event(event: &ProgrammeEvent, call: &Call) -> NewEvent {
    NewEvent {
        event_type: event.fact.event_type().into(),
        event_version: "1.0".into(),
        payload: serde_json::to_string(event)
            .unwrap_or_else(|_| unreachable!("a fact always serialises")),
        metadata: call.metadata(0),
    }
}
