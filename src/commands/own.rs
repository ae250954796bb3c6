//! Commands to a programme, a cohort or a fund: streams with commands of their own beside the path.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::context::Context;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use tracing::Instrument;
use uuid::Uuid;

use super::draft::{read_form_error, take_day};
use super::cache::{Loaded, Mark, Stream, StreamStore, new_event, stream_id};
use super::{ATTEMPTS_MAX, Answer, Appended, Call, CommandError, Commands, Door, new_id};
use crate::grant::Scope;
use crate::journal::{Alias, AppendRequest, ConditionalWrite, Freshness, Guard, StreamWrite};
use crate::telemetry::spans;

/// What parsing a command's body may say.
pub type Parsed<C> = Option<Result<C, serde_path_to_error::Error<serde_json::Error>>>;

/// A kind of stream with commands of its own.
pub trait Own: Stream {
    /// Its commands.
    type Command: Clone + Send + Sync + 'static;
    /// The table of them.
    const COMMANDS: &'static [CommandEntry];
    /// The one that begins a stream.
    const FIRST: &'static str;

    /// Reads a command.
    fn parse(word: &str, body: Value) -> Parsed<Self::Command>;

    /// Decides.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn decide(
        &self,
        command: Self::Command,
        context: &Context,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// The programme that the stream belongs to, or the command that begins it names; none for a
    /// programme itself.
    fn programme(&self, command: Option<&Self::Command>) -> Option<Uuid>;

    /// The second name that the command gives the stream, which the journal keeps unique.
    fn alias(command: &Self::Command) -> Option<String>;

    /// Whether a caller's scope reaches the stream, once it has begun.
    fn is_within(&self, id: Uuid, scope: &Scope, programme: &Programme) -> bool;

    /// Where its states are kept.
    fn store(door: &Door) -> &StreamStore<Self>;

    /// An event as a conditional write, where others write to the stream too.
    ///
    /// # Errors
    /// When the stream cannot be read.
    fn refer(
        commands: &Commands,
        id: Uuid,
        event: &Self::Event,
        call: &Call,
        programme: &Arc<Programme>,
    ) -> impl Future<Output = Result<Option<ConditionalWrite>, CommandError>> + Send;
}

/// A stream as a command found it.
struct Found<S> {
    id: Uuid,
    mark: Mark,
    stream: Arc<Loaded<S>>,
    /// The programme and its id; the default one for a programme itself.
    programme: (Option<Uuid>, Arc<Programme>),
}

impl Commands {
    /// Begins a stream under a new id.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn begin<S: Own>(
        &self,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let id = new_id(&self.0.clock);
        self.own_task::<S>(id, S::FIRST, body, call).await
    }

    /// Carries out a command on a stream of its own kind.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn command_own<S: Own>(
        &self,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if !S::COMMANDS.iter().any(|entry| entry.word == word) {
            return Err(CommandError::NoSuchCommand);
        }
        if self.current_own::<S>(id).await?.is_none() {
            return Err(CommandError::NotFound);
        }
        self.own_task::<S>(id, word, body, call).await
    }

    /// A stream at its current version; `None` when there is none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn current_own<S: Own>(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<S>>>, CommandError> {
        self.current(S::store(&self.0), id).await
    }

    /// A stream as it stood at `fresh` or later: for who has asked the journal already.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn own_since<S: Own>(
        &self,
        fresh: &Freshness,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<S>>>, CommandError> {
        self.since(fresh, S::store(&self.0), id).await
    }

    /// In a task of its own: a client that hangs up must not cut a command between commit and
    /// answer.
    async fn own_task<S: Own>(
        &self,
        id: Uuid,
        word: &str,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let occurred_on = take_day(&mut body)?.or(call.occurred_on);
        let command = S::parse(word, Value::Object(body)).ok_or(CommandError::NoSuchCommand)?;
        let command = command.map_err(|error| read_form_error(&error))?;
        let (commands, call) = (self.clone(), Call { occurred_on, ..call });
        let carried_out = async move {
            let mut id = id;
            let _turn = S::store(&commands.0).turn(id).await;
            for _ in 0..ATTEMPTS_MAX {
                match commands.own_once::<S>(id, &command, &call).await? {
                    Once::Answered(answer) => return Ok(answer),
                    Once::Anew => {}
                    Once::Known(known) => id = known,
                }
            }
            Err(CommandError::Contended(ATTEMPTS_MAX))
        };
        let task = tokio::spawn(carried_out.instrument(spans::command(word)));
        task.await.map_err(|_| crate::journal::JournalError::Closed)?
    }

    async fn own_once<S: Own>(
        &self,
        id: Uuid,
        command: &S::Command,
        call: &Call,
    ) -> Result<Once, CommandError> {
        let found = self.find_own::<S>(id, command).await?;
        let decided = self.decide_own(&found, command, call);
        match decided {
            Ok(events) => self.store_own(&found, events, command, call).await,
            // A retry names the version, or meets the state, that its first attempt has left behind.
            Err(error) => self.answered(call).await?.map(Once::Answered).ok_or(error),
        }
    }

    /// These streams are commanded rarely, so they are always read as they stand.
    async fn find_own<S: Own>(
        &self,
        id: Uuid,
        command: &S::Command,
    ) -> Result<Found<S>, CommandError> {
        let mark = S::store(&self.0).mark(id);
        let stream = self.current_own::<S>(id).await?.unwrap_or_default();
        let programme_id = stream.state.programme(Some(command));
        let programme = match programme_id {
            Some(id) => self.known_programme(id).await?,
            None => Arc::default(),
        };
        Ok(Found { id, mark, stream, programme: (programme_id, programme) })
    }

    fn decide_own<S: Own>(
        &self,
        found: &Found<S>,
        command: &S::Command,
        call: &Call,
    ) -> Result<Vec<S::Event>, CommandError> {
        let (state, programme) = (&found.stream.state, &found.programme.1);
        let current = state.version();
        if current > 0 && !state.is_within(found.id, &call.scope, programme) {
            return Err(CommandError::OutOfScope);
        }
        if let Some(expected) = call.if_match.filter(|expected| *expected != current) {
            return Err(CommandError::PreconditionFailed { expected, current });
        }
        let context = Context {
            now: self.0.clock.now(),
            occurred_on: call.occurred_on,
            actor: call.actor.clone(),
            role: call.role,
            subject: found.id,
            programme: programme.clone(),
        };
        let events = state.decide(command.clone(), &context)?;
        if current == 0 && !events.is_empty() {
            let mut begun = S::clone(state);
            for event in &events {
                begun.take(event.clone());
            }
            if !begun.is_within(found.id, &call.scope, programme) {
                return Err(CommandError::OutOfScope);
            }
        }
        Ok(events)
    }

    async fn store_own<S: Own>(
        &self,
        found: &Found<S>,
        events: Vec<S::Event>,
        command: &S::Command,
        call: &Call,
    ) -> Result<Once, CommandError> {
        let answer = answer_of(found, &events);
        if events.is_empty() && call.key.is_none() {
            return Ok(Once::Answered(answer));
        }
        let request = self.request_of(found, &events, command, call, &answer).await?;
        let alias = request.alias.clone();
        match self.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Once::Answered(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                // A referred event may stand further on than the state that was found: then it is
                // read anew by whoever asks next.
                let version = committed.versions.first().copied().unwrap_or_default();
                let (position, at) = (committed.position, committed.recorded_at);
                let loaded = found.stream.after(events, position, at, 0);
                if loaded.state.version() == version {
                    S::store(&self.0).put(found.id, found.mark, &Arc::new(loaded));
                }
                Ok(Once::Answered(Answer { version, position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Once::Answered(answer)),
            Appended::Forbidden(refusal) => Err(super::refusal_of(&refusal)),
            Appended::Moved => {
                S::store(&self.0).forget(found.id);
                if let Some(programme) = found.programme.0 {
                    self.0.programmes.forget(programme);
                }
                self.known_by(alias).await
            }
        }
    }

    /// The stream that has the second name already: the command is decided on it, so that a retry
    /// without a key is answered and another plan under the same name is refused.
    async fn known_by(&self, alias: Option<Alias>) -> Result<Once, CommandError> {
        let Some(alias) = alias else { return Ok(Once::Anew) };
        let known = self.0.journal.find_alias(&alias.alias).await?;
        Ok(known.map_or(Once::Anew, |stream| Once::Known(stream.aggregate_id)))
    }

    async fn request_of<S: Own>(
        &self,
        found: &Found<S>,
        events: &[S::Event],
        command: &S::Command,
        call: &Call,
        answer: &Answer,
    ) -> Result<AppendRequest, CommandError> {
        let mut request = AppendRequest {
            key: call.key.clone(),
            answer: serde_json::to_string(answer).unwrap_or_default(),
            ..AppendRequest::default()
        };
        let Some(event) = events.first() else { return Ok(request) };
        let version = found.stream.state.version();
        let programme = &found.programme.1;
        // A caller who names the version wants no other.
        let conditional = match (version, call.if_match) {
            (1.., None) => S::refer(self, found.id, event, call, programme).await?,
            _ => None,
        };
        match conditional {
            Some(conditional) => request.conditional.push(conditional),
            None => request.writes.push(StreamWrite {
                stream: stream_id::<S>(found.id),
                expected_version: version,
                events: events.iter().map(|event| new_event(event, call, 0)).collect(),
            }),
        }
        if version == 0 {
            let stream = stream_id::<S>(found.id);
            request.alias = S::alias(command).map(|alias| Alias { alias, stream });
        }
        if let Some(id) = found.programme.0 {
            let (stream, version) = (stream_id::<Programme>(id), programme.version);
            request.guards.push(Guard { stream, version });
        }
        Ok(request)
    }
}

/// Where an attempt has come to.
enum Once {
    Answered(Answer),
    /// A stream moved: the decision has to be taken anew.
    Anew,
    /// Another stream has the second name.
    Known(Uuid),
}

fn answer_of<S: Own>(found: &Found<S>, events: &[S::Event]) -> Answer {
    Answer {
        id: found.id,
        reference: None,
        version: found.stream.state.version(),
        position: found.stream.position,
        events: events.iter().map(cqrs_es::DomainEvent::event_type).collect(),
        already_done: events.is_empty(),
        duplicates: Vec::new(),
        replayed: false,
    }
}
