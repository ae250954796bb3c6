//! Commands to a programme, a cohort or a fund, which are sealed nowhere and lead to one stream.

use std::sync::Arc;

use cqrs_es::DomainEvent;
use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::programme::Programme;
use sira_numbers::Version;
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::cache::{Loaded, Mark, new_event};
use super::super::call::Dated;
use super::super::form::{FieldError, Form, FormErrors, first_error};
use super::super::path::{SealFault, check_letters, take_dated};
use super::super::pipeline::{
    Appended, Attempt, Pipeline, carry_out, check_call, check_ground, check_reach, in_task,
};
use super::super::{Call, CommandError, Commands, new_id};
use super::{Aggregate, stream_id};
use crate::journal::{Alias, AppendRequest, Guard, StreamWrite};

/// A command to one stream, on its way.
struct StreamCommand<'a, A: Aggregate> {
    commands: &'a Commands,
    id: Uuid,
    command: A::Command,
    call: Call,
}

/// A stream as a command found it.
struct FoundStream<A> {
    id: Uuid,
    mark: Mark,
    stream: Arc<Loaded<A>>,
    /// The programme and its id; the default one for a programme itself.
    programme: (Option<Uuid>, Arc<Programme>),
}

impl Commands {
    /// Begins a programme, a cohort or a fund under a new id.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn begin<A: Aggregate>(
        &self,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let id = new_id(&self.0.clock);
        self.give::<A>(id, A::FIRST, body, call).await
    }

    /// Carries out a command on a programme, a cohort or a fund.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn command<A: Aggregate>(
        &self,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if !A::COMMANDS.iter().any(|entry| entry.word == word) {
            return Err(CommandError::NoSuchCommand);
        }
        self.check_seen::<A>(id, &call).await?;
        self.give::<A>(id, word, body, call).await
    }

    /// Whether a stream is there and within the caller's reach: asked before the body is looked at, so
    /// that nothing is said of one that is not.
    pub(in super::super) async fn check_seen<A: Aggregate>(
        &self,
        id: Uuid,
        call: &Call,
    ) -> Result<(), CommandError> {
        let found = self.current::<A>(id).await?.ok_or(CommandError::NotFound)?;
        let programme = match found.state.programme() {
            Some(programme) => self.known_programme(programme).await?,
            None => Arc::default(),
        };
        if found.state.is_within(id, &call.scope, &programme) {
            return Ok(());
        }
        Err(CommandError::NotFound)
    }

    async fn give<A: Aggregate>(
        &self,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        self.check_alone()?;
        let entry = entry_of::<A>(word)?;
        let commands = self.clone();
        in_task(word, async move {
            let _turn = A::cache(&commands.0).turn(id).await;
            // Under the turn: what it is sealed under is not erased meanwhile by this process.
            let (plain, mut body) = (body.clone(), body);
            match A::seal(&commands, id, entry, &mut body).await {
                Ok(()) => {}
                Err(SealFault::Field(first)) => return Err(explain(entry, plain, first).into()),
                Err(SealFault::Keys(error)) => return Err(error.into()),
            }
            let (command, dated) = parse::<A>(entry.word, body)?;
            let call = call.dated(dated);
            let command = StreamCommand::<A> { commands: &commands, id, command, call };
            let answer = carry_out(command).await?;
            A::complete(&commands, id, entry).await?;
            Ok(answer)
        })
        .await
    }
}

fn entry_of<A: Aggregate>(word: &str) -> Result<&'static CommandEntry, CommandError> {
    let entry = A::COMMANDS.iter().find(|entry| entry.word == word);
    entry.ok_or(CommandError::NoSuchCommand)
}

fn explain(
    entry: &'static CommandEntry,
    body: Map<String, Value>,
    first: FieldError,
) -> FormErrors {
    Form::of_command(entry).explain(&Value::Object(body), [first])
}

/// Reads a command and what it says of the day of its fact.
///
/// # Errors
/// Every wrong field.
pub(in super::super) fn parse<A: Aggregate>(
    word: &str,
    mut body: Map<String, Value>,
) -> Result<(A::Command, Dated), CommandError> {
    let entry = entry_of::<A>(word)?;
    let whole = body.clone();
    if let Err(error) = check_letters(&body, entry.sealed) {
        return Err(explain(entry, whole, error).into());
    }
    let dated = match take_dated(&mut body) {
        Ok(dated) => dated,
        Err(error) => return Err(explain(entry, whole, error).into()),
    };
    let command = A::parse(word, Value::Object(body)).ok_or(CommandError::NoSuchCommand)?;
    let command = command.map_err(|error| explain(entry, whole, first_error(&error)))?;
    Ok((command, dated))
}

impl<A: Aggregate> Pipeline for StreamCommand<'_, A> {
    type Loaded = FoundStream<A>;
    /// The events, and the streams that were read for them, which must still stand so.
    type Decided = (Vec<A::Event>, Vec<Guard>);

    fn commands(&self) -> &Commands {
        self.commands
    }

    fn call(&self) -> &Call {
        &self.call
    }

    /// These streams are commanded rarely, so they are always read as they stand.
    async fn load(&mut self) -> Result<FoundStream<A>, CommandError> {
        let (commands, id) = (self.commands, self.id);
        let mark = A::cache(&commands.0).mark(id);
        let stream = commands.current::<A>(id).await?.unwrap_or_default();
        let programme_id = stream.state.programme().or_else(|| A::named_programme(&self.command));
        let programme = match programme_id {
            Some(id) => commands.known_programme(id).await?,
            None => Arc::default(),
        };
        Ok(FoundStream { id, mark, stream, programme: (programme_id, programme) })
    }

    async fn decide(&mut self, found: &FoundStream<A>) -> Result<Self::Decided, CommandError> {
        let (state, programme) = (&found.stream.state, &found.programme.1);
        check_call(found.id, &found.stream, programme, &self.call)?;
        // Before anything is said of anybody: whether the caller may give the command at all.
        check_ground(found.id, &**state, &self.command, programme, &self.call)?;
        let named = (found.id, &mut self.command);
        let guards = A::know_people(self.commands, &**state, named, &self.call).await?;
        let context = self.commands.context(found.id, programme, &self.call);
        let events = state.decide(self.command.clone(), &context)?;
        check_reach(found.id, &**state, &events, programme, &self.call)?;
        Ok((events, guards))
    }

    /// Durable when it returns `Committed`: the event, the second name and the key, all or none. A
    /// crash before that leaves nothing; after it, the retry is answered by its key, or finds that it
    /// has happened.
    async fn append(
        &mut self,
        found: FoundStream<A>,
        (events, guards): Self::Decided,
    ) -> Result<Attempt, CommandError> {
        let types = events.iter().map(DomainEvent::event_type).collect();
        let answer = Answer::of(found.id, &found.stream, types);
        if events.is_empty() && self.call.key.is_none() {
            return Ok(Attempt::Done(answer));
        }
        let mut request = self.request_of(&found, &events, &answer).await?;
        if !events.is_empty() {
            request.guards.extend(guards);
        }
        let alias = request.alias.clone();
        match self.commands.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Attempt::Done(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                // A referred event may stand further on than the state that was found: then it is
                // read anew by whoever asks next.
                let version = committed.versions.first().copied().unwrap_or_default();
                let (position, at) = (committed.position, committed.recorded_at);
                let loaded = found.stream.after(events, position, at, 0);
                if loaded.state.version() == version {
                    let cache = A::cache(&self.commands.0);
                    cache.put(found.id, found.mark, &Arc::new(loaded));
                }
                Ok(Attempt::Done(Answer { version, position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Done(answer)),
            Appended::Moved => {
                A::cache(&self.commands.0).forget(found.id);
                if let Some(programme) = found.programme.0 {
                    self.commands.0.programmes.forget(programme);
                }
                self.follow(alias).await?;
                Ok(Attempt::Anew)
            }
        }
    }
}

impl<A: Aggregate> StreamCommand<'_, A> {
    /// Goes on with the stream that has the second name already: the command is decided on it, so
    /// that a retry without a key is answered and another plan under the same name is refused.
    async fn follow(&mut self, alias: Option<Alias>) -> Result<(), CommandError> {
        let Some(alias) = alias else { return Ok(()) };
        if let Some(known) = self.commands.named::<A>(&alias.alias).await? {
            self.id = known;
        }
        Ok(())
    }

    async fn request_of(
        &self,
        found: &FoundStream<A>,
        events: &[A::Event],
        answer: &Answer,
    ) -> Result<AppendRequest, CommandError> {
        let mut request = AppendRequest {
            key: self.call.key.clone(),
            answer: answer.text(),
            ..AppendRequest::default()
        };
        let Some(event) = events.first() else { return Ok(request) };
        let version = found.stream.state.version();
        let programme = &found.programme.1;
        // A caller who names the version wants no other.
        let conditional = match self.call.if_match {
            None if version > Version::ZERO => {
                self.commands.conditional_write::<A>(found.id, event, &self.call, programme).await?
            }
            _ => None,
        };
        match conditional {
            Some(conditional) => request.conditional.push(conditional),
            None => request.writes.push(StreamWrite {
                stream: stream_id::<A>(found.id),
                expected_version: version,
                events: events.iter().map(|event| new_event(event, &self.call, 0)).collect(),
            }),
        }
        if version == Version::ZERO {
            let stream = stream_id::<A>(found.id);
            request.alias = A::alias(&self.command).map(|alias| Alias { alias, stream });
        }
        if let Some(id) = found.programme.0 {
            let (stream, version) = (stream_id::<Programme>(id), programme.version);
            request.guards.push(Guard { stream, version });
        }
        Ok(request)
    }
}
