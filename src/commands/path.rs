//! Commands to a beneficiary's path.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::context::Context;
use sira_domain::path::{
    BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryCommand, BeneficiaryEvent, Fact, State, decide,
};
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_domain::values::{Reference, Within};
use tracing::Instrument;
use uuid::Uuid;

use super::link::{LINKS, programme_guard};
use super::draft::{
    brings_any, read_form_error, seal_identity, seal_texts, take_day, take_identity,
};
use super::cache::{Loaded, Mark, new_event, stream_id};
use super::{
    ATTEMPTS_MAX, Answer, Appended, Call, CommandError, Commands, FormError, new_id, refusal_of,
};
use crate::journal::{Alias, AppendRequest, Freshness, StreamWrite};
use crate::keys::{Found, PersonKey};
use crate::read_side::Duplicate;
use crate::telemetry::spans;

/// What the memory of an attendance is reckoned by: its payload, about.
pub(super) const EVENT_BYTES: u64 = 160;

/// A path as a command found it.
pub(super) struct Case {
    pub id: Uuid,
    pub mark: Mark,
    pub path: Arc<Loaded<Beneficiary>>,
    pub programme_id: Uuid,
    pub programme: Arc<Loaded<Programme>>,
}

/// Where an attempt at a command has come to.
pub(super) enum Attempt<T> {
    /// It goes on with this.
    On(T),
    /// It is answered.
    Answered(Answer),
    /// A stream moved: the decision has to be taken anew.
    Anew,
}

impl Commands {
    /// Registers a person under a new id, or under `id` when the caller has a lasting one (an
    /// imported row).
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn register(
        &self,
        id: Option<Uuid>,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let commands = self.clone();
        // In a task of its own: a client that hangs up must not cut a command between commit and
        // answer.
        let carried_out = async move { commands.register_now(id, body, call).await };
        let task = tokio::spawn(carried_out.instrument(spans::command("register")));
        task.await.map_err(|_| crate::journal::JournalError::Closed)?
    }

    /// Carries out a command on a path.
    ///
    /// # Errors
    /// Whatever forbids it; nothing is appended then.
    pub async fn command_beneficiary(
        &self,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let entry = entry_of(word).ok_or(CommandError::NoSuchCommand)?;
        let commands = self.clone();
        let carried_out = async move {
            match entry.word {
                "erase-personal-data" => commands.erase(id, entry, body, call).await,
                word if LINKS.contains(&word) => commands.link_now(id, entry, body, call).await,
                _ => commands.command_now(id, entry, body, call).await,
            }
        };
        let task = tokio::spawn(carried_out.instrument(spans::command(entry.word)));
        task.await.map_err(|_| crate::journal::JournalError::Closed)?
    }

    async fn register_now(
        &self,
        id: Option<Uuid>,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let entry = entry_of("register").ok_or(CommandError::NoSuchCommand)?;
        let _turn = match id {
            Some(id) => Some(self.0.beneficiaries.turn(id).await),
            None => None,
        };
        for _ in 0..ATTEMPTS_MAX {
            // An imported row keeps its id: when the stream has begun, this is a retry, or a path
            // whose registration was retracted.
            let known = match id {
                Some(id) => self.0.beneficiaries.load(&self.0.journal, id).await?.is_some(),
                None => false,
            };
            let id = id.unwrap_or_else(|| new_id(&self.0.clock));
            let case = if known {
                self.find_to_register(id, &body).await?
            } else {
                self.new_case(id, &body).await?
            };
            if let Attempt::Answered(answer) =
                self.attempt(&case, entry, body.clone(), &call).await?
            {
                return Ok(answer);
            }
        }
        Err(CommandError::Contended(ATTEMPTS_MAX))
    }

    pub(super) async fn new_case(
        &self,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Case, CommandError> {
        let (programme_id, programme) = self.programme_of(body).await?;
        Ok(Case {
            id,
            mark: self.0.beneficiaries.mark(id),
            path: Arc::default(),
            programme_id,
            programme,
        })
    }

    pub(super) async fn find_to_register(
        &self,
        id: Uuid,
        body: &Map<String, Value>,
    ) -> Result<Case, CommandError> {
        let case = self.find(id).await?;
        if case.path.state.state().registration.is_some() {
            return Ok(case);
        }
        let (programme_id, programme) = self.programme_of(body).await?;
        Ok(Case { programme_id, programme, ..case })
    }

    async fn programme_of(
        &self,
        body: &Map<String, Value>,
    ) -> Result<(Uuid, Arc<Loaded<Programme>>), CommandError> {
        let programme = body
            .get("programme")
            .ok_or_else(|| FormError::new("/programme", "missing_field", ""))?;
        let programme = programme.as_str().and_then(|text| Uuid::try_parse(text).ok());
        let programme =
            programme.ok_or_else(|| FormError::new("/programme", "wrong_type", "a UUID"))?;
        Ok((
            programme,
            self.0.programmes.load(&self.0.journal, programme).await?.unwrap_or_default(),
        ))
    }

    pub(super) async fn command_now(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let _turn = self.0.beneficiaries.turn(id).await;
        for _ in 0..ATTEMPTS_MAX {
            let case = self.find(id).await?;
            if let Attempt::Answered(answer) =
                self.attempt(&case, entry, body.clone(), &call).await?
            {
                return Ok(answer);
            }
        }
        Err(CommandError::Contended(ATTEMPTS_MAX))
    }

    pub(super) async fn find(&self, id: Uuid) -> Result<Case, CommandError> {
        let mark = self.0.beneficiaries.mark(id);
        let path =
            self.0.beneficiaries.load(&self.0.journal, id).await?.ok_or(CommandError::NotFound)?;
        self.case_of(id, mark, path).await
    }

    /// As [`Commands::find`], as it stood at `fresh` or later.
    pub(super) async fn find_since(
        &self,
        fresh: &Freshness,
        id: Uuid,
    ) -> Result<Case, CommandError> {
        let mark = self.0.beneficiaries.mark(id);
        let path =
            self.since(fresh, &self.0.beneficiaries, id).await?.ok_or(CommandError::NotFound)?;
        self.case_of(id, mark, path).await
    }

    async fn case_of(
        &self,
        id: Uuid,
        mark: Mark,
        path: Arc<Loaded<Beneficiary>>,
    ) -> Result<Case, CommandError> {
        // A path whose registration was retracted has no programme until it is registered again.
        let registration = path.state.state().registration.as_ref();
        let programme_id =
            registration.map_or(Uuid::nil(), |registration| registration.programme.0);
        let programme =
            self.0.programmes.load(&self.0.journal, programme_id).await?.unwrap_or_default();
        Ok(Case { id, mark, path, programme_id, programme })
    }

    /// One attempt: check, seal, decide, append.
    async fn attempt(
        &self,
        case: &Case,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: &Call,
    ) -> Result<Attempt<()>, CommandError> {
        if let Err(error) = check_call(case, call) {
            return self.confirm(case, error, call).await;
        }
        let seals = brings_any(&body, entry.sealed) || body.contains_key("identity");
        let key = match self.key_of(&case.path.state, seals).await {
            Err(error @ CommandError::Refused(_)) => return self.confirm(case, error, call).await,
            other => other?,
        };
        let reference = (entry.word == "register").then(draw_reference);
        let body = prepare(body, case.id, entry, key.as_ref(), reference)?;
        let (command, call) = parse(entry, body, call)?;
        match self.decide_on(case, command, &call).await? {
            Attempt::On(events) => self.store(case, events, reference, &call).await,
            Attempt::Answered(answer) => Ok(Attempt::Answered(answer)),
            Attempt::Anew => Ok(Attempt::Anew),
        }
    }

    /// The key of a path that is needed to seal something.
    pub(super) async fn key_of(
        &self,
        path: &Beneficiary,
        needed: bool,
    ) -> Result<Option<PersonKey>, CommandError> {
        if !needed {
            return Ok(None);
        }
        let Some(id) = path.state().keys.last().copied() else {
            return self.0.keys.take().await.map(Some).map_err(Into::into);
        };
        match self.0.keys.get(id).await? {
            Found::Key(key) => Ok(Some(key)),
            Found::Destroyed { .. } => Err(Refusal::Erased.into()),
            Found::Unknown => Err(CommandError::KeyMissing(id)),
        }
    }

    /// Decides. No events: it has already happened.
    pub(super) async fn decide_on(
        &self,
        case: &Case,
        command: BeneficiaryCommand,
        call: &Call,
    ) -> Result<Attempt<Vec<BeneficiaryEvent>>, CommandError> {
        match decide(&case.path.state, command, &self.context(case, call)) {
            Ok(events) if events.is_empty() && !self.is_current(case).await? => Ok(Attempt::Anew),
            Ok(events) if !is_within_reach(case, &events, call) => Err(CommandError::OutOfScope),
            Ok(events) => Ok(Attempt::On(events)),
            Err(refusal) => self.confirm(case, refusal.into(), call).await,
        }
    }

    pub(super) fn context(&self, case: &Case, call: &Call) -> Context {
        Context {
            now: self.0.clock.now(),
            occurred_on: call.occurred_on,
            actor: call.actor.clone(),
            role: call.role,
            subject: case.id,
            programme: case.programme.state.clone(),
        }
    }

    /// A no is only said of the state as it stands: what another process wrote may have made it a
    /// yes. And a retry with a known idempotency key gets its first answer, whatever stands now.
    async fn confirm<T>(
        &self,
        case: &Case,
        error: CommandError,
        call: &Call,
    ) -> Result<Attempt<T>, CommandError> {
        if let Some(answer) = self.answered(call).await? {
            return Ok(Attempt::Answered(answer));
        }
        if self.is_current(case).await? { Err(error) } else { Ok(Attempt::Anew) }
    }

    async fn is_current(&self, case: &Case) -> Result<bool, CommandError> {
        let path = self.current_beneficiary(case.id).await?;
        let version = path.map_or(0, |path| path.state.version());
        let programme = self.current_own::<Programme>(case.programme_id).await?;
        let rules = programme.map_or(0, |programme| programme.state.version);
        Ok(version == case.path.state.version() && rules == case.programme.state.version)
    }

    /// Appends what was decided, and keeps the new state.
    pub(super) async fn store(
        &self,
        case: &Case,
        events: Vec<BeneficiaryEvent>,
        reference: Option<Reference>,
        call: &Call,
    ) -> Result<Attempt<()>, CommandError> {
        let answer = answer_of(case, &events, reference);
        if events.is_empty() && call.key.is_none() {
            return Ok(Attempt::Answered(answer));
        }
        let conditional = match self.conditional_write_of(case, &events, call).await {
            Err(error @ CommandError::Refused(_)) => return self.confirm(case, error, call).await,
            other => other?,
        };
        let duplicates = self.duplicates_of(case, &events).await;
        let answer = Answer { duplicates, ..answer };
        let mut request = request_of(case, &events, reference, call, &answer);
        request.conditional.extend(conditional);
        let bytes = payload_bytes(&request);
        match self.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Attempt::Answered(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                // What a fund or a cohort was told comes behind the path's own events.
                let beyond = committed.versions.len() as u64 - 1;
                let position = committed.position - beyond;
                let loaded = case.path.after(events, position, committed.recorded_at, bytes);
                let version = loaded.state.version();
                self.0.beneficiaries.put(case.id, case.mark, &Arc::new(loaded));
                Ok(Attempt::Answered(Answer { version, position: committed.position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Answered(answer)),
            Appended::Forbidden(refusal) => Err(refusal_of(&refusal)),
            Appended::Moved => {
                self.forget_case(case);
                Ok(Attempt::Anew)
            }
        }
    }
}

impl Commands {
    /// Paths that may be of the person whom these events tell of. Looked up before the append, so that
    /// they are part of the answer that a retry gets.
    async fn duplicates_of(&self, case: &Case, events: &[BeneficiaryEvent]) -> Vec<Duplicate> {
        let (Some(finder), [event]) = (self.0.duplicates.get(), events) else { return Vec::new() };
        let state = case.path.state.state();
        let (identity, year, region) = match &event.fact {
            Fact::Registered(registration) => (
                &registration.identity,
                Some(registration.birth_year.get()),
                Some(registration.region),
            ),
            Fact::IdentityUpdated(change) => {
                let known = state.registration.as_ref().map(|registration| registration.birth_year);
                (&change.identity, change.birth_year.map(Within::get).or(known), state.region)
            }
            _ => return Vec::new(),
        };
        let year = year.and_then(|year| i32::try_from(year).ok()).unwrap_or_default();
        finder.find(case.id, identity.0.as_str(), year, region).await
    }
}

/// What the caller may do here, and on which version.
pub(super) fn check_call(case: &Case, call: &Call) -> Result<(), CommandError> {
    let current = case.path.state.version();
    if current > 0 && !call.scope.holds_path(case.path.state.state(), &case.programme.state) {
        return Err(CommandError::OutOfScope);
    }
    match call.if_match {
        Some(expected) if expected != current => {
            Err(CommandError::PreconditionFailed { expected, current })
        }
        _ => Ok(()),
    }
}

/// A registration may only be made within the caller's own scope.
fn is_within_reach(case: &Case, events: &[BeneficiaryEvent], call: &Call) -> bool {
    if case.path.state.state().registration.is_some() {
        return true;
    }
    let mut state = State::default();
    for event in events {
        state.fold(event);
    }
    events.is_empty() || call.scope.holds_path(&state, &case.programme.state)
}

pub(super) fn answer_of(
    case: &Case,
    events: &[BeneficiaryEvent],
    reference: Option<Reference>,
) -> Answer {
    let known =
        case.path.state.state().registration.as_ref().map(|registration| registration.reference);
    Answer {
        id: case.id,
        reference: known.or(reference).map(|reference| reference.to_string()),
        version: case.path.state.version(),
        position: case.path.position,
        events: events.iter().map(|event| event.fact.event_type().to_owned()).collect(),
        already_done: events.is_empty(),
        duplicates: Vec::new(),
        replayed: false,
    }
}

/// One append: the path's events, guarded by the programme whose rules, term and offices the
/// decision rests on.
fn request_of(
    case: &Case,
    events: &[BeneficiaryEvent],
    reference: Option<Reference>,
    call: &Call,
    answer: &Answer,
) -> AppendRequest {
    let answer = serde_json::to_string(answer).unwrap_or_default();
    if events.is_empty() {
        return AppendRequest { key: call.key.clone(), answer, ..AppendRequest::default() };
    }
    let stream = stream_id::<Beneficiary>(case.id);
    let write = StreamWrite {
        stream: stream.clone(),
        expected_version: case.path.state.version(),
        events: events.iter().map(|event| new_event(event, call, event.rules)).collect(),
    };
    let guards = vec![programme_guard(case)];
    let alias = reference.map(|reference| Alias { alias: alias_of(reference), stream });
    let (writes, key) = (vec![write], call.key.clone());
    AppendRequest { writes, guards, alias, key, answer, ..AppendRequest::default() }
}

/// The alias of a stream under its reference: without hyphens.
#[must_use]
pub fn alias_of(reference: Reference) -> String {
    reference.as_str().replace('-', "")
}

fn payload_bytes(request: &AppendRequest) -> u64 {
    request
        .writes
        .iter()
        .flat_map(|write| &write.events)
        .map(|event| event.payload.len() as u64)
        .sum()
}

/// Seals what is personal in a body, and gives a registration its reference.
pub(super) fn prepare(
    mut body: Map<String, Value>,
    id: Uuid,
    entry: &'static CommandEntry,
    key: Option<&PersonKey>,
    reference: Option<Reference>,
) -> Result<Map<String, Value>, CommandError> {
    if let Some(key) = key {
        seal_texts(&mut body, entry.sealed, id, key)?;
    }
    if matches!(entry.word, "register" | "update-identity") {
        let identity = take_identity(&mut body)?;
        if let Some(key) = key {
            let sealed = seal_identity(&identity, id, key)?;
            body.insert("identity".to_owned(), Value::String(sealed));
        }
    }
    if let Some(reference) = reference {
        let given = body.insert("reference".to_owned(), Value::String(reference.to_string()));
        if given.is_some() {
            return Err(FormError::new("/reference", "unknown_field", "").into());
        }
    }
    Ok(body)
}

pub(super) fn parse(
    entry: &'static CommandEntry,
    mut body: Map<String, Value>,
    call: &Call,
) -> Result<(BeneficiaryCommand, Call), CommandError> {
    let occurred_on = take_day(&mut body)?.or(call.occurred_on);
    let command = BeneficiaryCommand::parse(entry.word, Value::Object(body))
        .ok_or(CommandError::NoSuchCommand)?;
    let command = command.map_err(|error| read_form_error(&error))?;
    Ok((command, Call { occurred_on, ..call.clone() }))
}

pub(super) fn entry_of(word: &str) -> Option<&'static CommandEntry> {
    BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word)
}

/// A reference by chance; one in 37 draws gives a check character that cannot be said.
pub(super) fn draw_reference() -> Reference {
    let draw = || Reference::from_bits((Uuid::new_v4().as_u128() & 0xff_ffff_ffff) as u64);
    std::iter::repeat_with(draw)
        .flatten()
        .next()
        .unwrap_or_else(|| unreachable!("the draws never end"))
}
