//! The way of every command: load, decide, append, and all of it anew while a stream moves under it.
//!
//! A command is parsed and sealed once. Then it is decided on the streams as they were found, and
//! appended on the condition that they still stand so. Whoever loses that race decides again.

use sira_domain::context::Context;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_numbers::Version;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

use super::aggregate::Aggregate;
use super::answer::Answer;
use super::cache::Loaded;
use super::{Call, CommandError, Commands};
use crate::grant::Scope;
use crate::journal::{AppendOutcome, AppendRequest, Committed, GuardRefusal, JournalError};
use crate::telemetry::spans;

/// The number of times that a decision is taken anew when its stream moved under it, before the caller is told.
/// Each loss means that somebody else won, so this is only reached on a very hot stream.
const ATTEMPTS_MAX: u32 = 32;

/// The end of an attempt that met no error.
pub(super) enum Attempt {
    /// The command is answered.
    Done(Answer),
    /// A stream moved: the decision has to be taken anew.
    Anew,
}

/// A command on its way.
pub(super) trait Pipeline: Send {
    /// The streams that it is decided on, as an attempt found them.
    type Loaded: Send + Sync;
    /// The events that the decision led to; none when it had already happened.
    type Decided: Send;

    /// The door that it came through.
    fn commands(&self) -> &Commands;

    /// The call that it came with.
    fn call(&self) -> &Call;

    /// Finds the streams.
    fn load(&mut self) -> impl Future<Output = Result<Self::Loaded, CommandError>> + Send;

    /// Decides on them; what has to be parsed and sealed is, the first time.
    fn decide(
        &mut self,
        loaded: &Self::Loaded,
    ) -> impl Future<Output = Result<Self::Decided, CommandError>> + Send;

    /// Appends the events, keeps the new states, and answers.
    fn append(
        &mut self,
        loaded: Self::Loaded,
        decided: Self::Decided,
    ) -> impl Future<Output = Result<Attempt, CommandError>> + Send;

    /// Whether the streams still stand as they were found. Those that are read as they stand, whoever
    /// wrote last, always do for as long as their turn is held.
    fn is_current(
        &self,
        _: &Self::Loaded,
    ) -> impl Future<Output = Result<bool, CommandError>> + Send {
        async { Ok(true) }
    }
}

/// Takes a command through its way until it is answered.
pub(super) async fn carry_out<P: Pipeline>(mut command: P) -> Result<Answer, CommandError> {
    for _ in 0..ATTEMPTS_MAX {
        let loaded = command.load().await?;
        let error = match command.decide(&loaded).await {
            Ok(decided) => match command.append(loaded, decided).await? {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::Anew => continue,
            },
            Err(error) => error,
        };
        if !error.is_of_the_state() {
            return Err(error);
        }
        // A retry with a known idempotency key gets its first answer, whatever stands now.
        if let Some(answer) = command.commands().answered(command.call()).await? {
            return Ok(answer);
        }
        // A no is only said of the state as it stands: what another process wrote may have made it a
        // yes.
        if command.is_current(&loaded).await? {
            return Err(error);
        }
        if command.commands().1.is_some() {
            // What it was decided on together with those before it has moved: they are decided anew, too.
            return Err(CommandError::Contended(1));
        }
    }
    Err(CommandError::Contended(ATTEMPTS_MAX))
}

/// Carries commands out in a task of their own: a client that hangs up must not cut one between commit
/// and answer, nor leave the keys of somebody who is erased behind.
pub(crate) async fn in_task<T: Send + 'static>(
    word: &str,
    command: impl Future<Output = Result<T, CommandError>> + Send + 'static,
) -> Result<T, CommandError> {
    let task = tokio::spawn(command.instrument(spans::command(word)));
    task.await.map_err(|_| JournalError::Closed)?
}

/// Whether the caller may do something here, and on which version.
pub(super) fn check_call<A: Aggregate>(
    id: Uuid,
    stream: &Loaded<A>,
    programme: &Programme,
    call: &Call,
) -> Result<(), CommandError> {
    let current = stream.state.version();
    if current > Version::ZERO && !stream.state.is_within(id, &call.scope, programme) {
        // Not a word more than of one that is not there: else a reference could be guessed.
        return Err(CommandError::NotFound);
    }
    match call.if_match {
        Some(expected) if expected != current => {
            Err(CommandError::PreconditionFailed { expected, current })
        }
        _ => Ok(()),
    }
}

/// Whether the stream that these events begin is within the caller's own scope.
pub(super) fn check_reach<A: Aggregate>(
    id: Uuid,
    state: &A,
    events: &[A::Event],
    programme: &Programme,
    call: &Call,
) -> Result<(), CommandError> {
    if events.is_empty() || state.programme().is_some() || call.scope == Scope::All {
        return Ok(());
    }
    let mut begun = state.clone();
    for event in events {
        begun.take(event.clone());
    }
    if begun.is_within(id, &call.scope, programme) { Ok(()) } else { Err(CommandError::OutOfScope) }
}

/// Whether the ground that a command is given on is within the caller's scope.
pub(super) fn check_ground<A: Aggregate>(
    id: Uuid,
    state: &A,
    command: &A::Command,
    programme: &Programme,
    call: &Call,
) -> Result<(), CommandError> {
    match state.ground(id, command, programme) {
        Some(needs) if !call.scope.holds(&needs) => Err(Refusal::OutsideReach { needs }.into()),
        _ => Ok(()),
    }
}

/// The end of an append that met no error.
pub(super) enum Appended {
    /// It is durable.
    Committed(Committed),
    /// Its idempotency key has an answer already.
    Answered(Answer),
    /// A stream moved, or the second name is taken: decide anew.
    Moved,
}

impl Commands {
    /// The context of a decision on one stream.
    pub(super) fn context(&self, id: Uuid, programme: &Arc<Programme>, call: &Call) -> Context {
        Context {
            now: self.0.clock.now(),
            occurred_on: call.occurred_on,
            backdating_reason: call.backdating_reason,
            actor: call.actor.clone(),
            role: call.role,
            subject: id,
            programme: programme.clone(),
        }
    }

    /// The answer that an idempotency key already has, if any.
    pub(super) async fn answered(&self, call: &Call) -> Result<Option<Answer>, CommandError> {
        match &call.key {
            Some(key) => self.stored_answer(key).await,
            None => Ok(None),
        }
    }

    /// Hands a request to the journal and says what became of it.
    ///
    /// # Errors
    /// The journal's; and the rule of a fund or a cohort that forbids it, as that stands.
    pub(super) async fn append(&self, request: AppendRequest) -> Result<Appended, CommandError> {
        if let Some(stage) = &self.1 {
            return self.stage_request(stage, request).await;
        }
        // Nothing is durable before this call; after it the events, the key and the alias are, all
        // or none. A crash before its answer leaves a command that is stored and not acknowledged:
        // the client's retry, by its idempotency key or because the command has already happened,
        // gets this answer and no second effect.
        match self.0.journal.append(request).instrument(spans::append()).await? {
            AppendOutcome::Committed(committed) => Ok(Appended::Committed(committed)),
            AppendOutcome::Stale { .. } | AppendOutcome::AliasTaken | AppendOutcome::Withheld => {
                Ok(Appended::Moved)
            }
            AppendOutcome::Replayed(stored) => Answer::replayed(&stored).map(Appended::Answered),
            AppendOutcome::KeyReused => Err(CommandError::KeyReused),
            AppendOutcome::Forbidden(refusal) => Err(refusal_of(&refusal)),
        }
    }
}

/// The refusal of the domain that a guard has said, or an event that it could not read.
pub(super) fn refusal_of(refusal: &GuardRefusal) -> CommandError {
    match refusal.0.downcast_ref::<Refusal>() {
        Some(refusal) => refusal.clone().into(),
        None => CommandError::Journal(JournalError::Inconsistent {
            table: "events",
            id: "(conditional write)".to_owned(),
            problem: refusal.to_string(),
        }),
    }
}
