//! Commands that stand together: each is decided on what those before it lead to, and all of them are
//! recorded in one append, or none.
//!
//! A stage is a door of its own. What is decided through it goes into no cache that others read, and waits
//! here until it is recorded. It holds what is written to paths: a fund or a group that one of them moves is
//! judged by the journal when all are recorded, under its own rule.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::answer::Answer;
use super::cache::Loaded;
use super::form::{FieldError, FormRule};
use super::path::FoundPath;
use super::pipeline::{Appended, refusal_of};
use super::{CommandError, Commands};
use crate::journal::{
    AppendOutcome, AppendRequest, Bulk, Committed, KeyLookup, RequestKey, StreamId,
};

/// What is decided and not recorded yet.
pub(super) struct Stage {
    /// Whether each idempotency key is looked up before its command is staged. A first attempt leaves that to
    /// the journal, which sees all of them at once.
    looks_keys_up: bool,
    staged: Mutex<Staged>,
}

#[derive(Default)]
struct Staged {
    requests: Vec<AppendRequest>,
    paths: HashMap<Uuid, StagedPath>,
}

/// A path as the stage leaves it.
struct StagedPath {
    /// The version that it has in the journal.
    recorded: Version,
    loaded: Arc<Loaded<Beneficiary>>,
}

/// Commands that are given one after the other and recorded together.
pub struct Together {
    commands: Commands,
    answers: Vec<Staging>,
}

/// The answer to a command that waits, and the request that records it; none of one that was recorded
/// before, or has nothing to record.
struct Staging {
    answer: Answer,
    request: Option<usize>,
}

/// What became of commands that stand together.
pub enum TogetherOutcome {
    /// All are recorded; their answers, in their order.
    Recorded(Vec<Answer>),
    /// Something moved meanwhile. Nothing is recorded: they are to be decided anew.
    Anew,
    /// One of them is refused by what stands. Nothing is recorded.
    Refused {
        /// Its place among those that were given, from 0.
        index: usize,
        /// Why.
        error: CommandError,
    },
}

impl Together {
    /// The door that they are given through, one after the other.
    #[must_use]
    pub fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Takes down the answer of the command that was given last.
    pub fn note(&mut self, answer: Answer) {
        let staged = self.commands.1.as_ref().map_or(0, |stage| stage.staged.lock().requests.len());
        let known = self.answers.iter().filter(|one| one.request.is_some()).count();
        let request = (staged > known).then(|| staged - 1);
        self.answers.push(Staging { answer, request });
    }

    /// Records them.
    ///
    /// Nothing is durable before the append in here; after it all of them are, or none. A crash before its
    /// answer leaves commands that are stored and not acknowledged: each has its idempotency key, and the
    /// same commands given again get the same answers.
    ///
    /// # Errors
    /// The journal's.
    pub async fn record(self) -> Result<TogetherOutcome, CommandError> {
        let Self { commands, answers } = self;
        let Some(stage) = &commands.1 else { return Ok(TogetherOutcome::Anew) };
        let (requests, paths) = {
            let mut staged = stage.staged.lock();
            (std::mem::take(&mut staged.requests), std::mem::take(&mut staged.paths))
        };
        let outcomes = commands.0.journal.append_together(Bulk::new(requests)?).await;
        // Whatever was kept of these paths is behind now, or what they were decided on was.
        for id in paths.keys() {
            commands.0.beneficiaries.forget(*id);
        }
        let mut recorded = Vec::new();
        for (request, outcome) in outcomes?.into_iter().enumerate() {
            match outcome {
                AppendOutcome::Committed(committed) => recorded.push(committed),
                AppendOutcome::Withheld => {}
                AppendOutcome::Stale { stream, .. } => {
                    commands.forget_stream(&stream);
                    return Ok(TogetherOutcome::Anew);
                }
                AppendOutcome::KeyReused if stage.looks_keys_up => {
                    return Ok(refused(&answers, request, CommandError::KeyReused));
                }
                // Which of them were answered before is asked of each, the next time.
                AppendOutcome::Replayed(_)
                | AppendOutcome::KeyReused
                | AppendOutcome::AliasTaken => {
                    return Ok(TogetherOutcome::Anew);
                }
                AppendOutcome::Forbidden(refusal) => {
                    return Ok(refused(&answers, request, refusal_of(&refusal)));
                }
            }
        }
        let answered = answers.into_iter().map(|staging| staging.recorded(&recorded));
        Ok(TogetherOutcome::Recorded(answered.collect()))
    }
}

fn refused(answers: &[Staging], request: usize, error: CommandError) -> TogetherOutcome {
    let index = answers.iter().position(|one| one.request == Some(request)).unwrap_or_default();
    TogetherOutcome::Refused { index, error }
}

impl Staging {
    /// The answer, once it is known where its events stand.
    fn recorded(self, recorded: &[Committed]) -> Answer {
        match self.request.and_then(|request| recorded.get(request)) {
            Some(committed) => Answer { position: committed.position, ..self.answer },
            None => self.answer,
        }
    }
}

impl Commands {
    /// A door through which commands are given that are recorded together. After an attempt that was
    /// [`TogetherOutcome::Anew`] each key is looked up first (`looks_keys_up`).
    #[must_use]
    pub fn together(&self, looks_keys_up: bool) -> Together {
        let stage = Stage { looks_keys_up, staged: Mutex::default() };
        let commands = Self(Arc::clone(&self.0), Some(Arc::new(stage)));
        Together { commands, answers: Vec::new() }
    }

    /// Refuses a command that cannot stand together with others: it reaches beyond one path, or destroys what
    /// no append brings back.
    ///
    /// # Errors
    /// [`CommandError::Form`], of the field that names the command.
    pub(super) fn check_alone(&self) -> Result<(), CommandError> {
        match self.1 {
            None => Ok(()),
            Some(_) => {
                Err(CommandError::Form(FieldError::new("/path", FormRule::StandsAlone).into()))
            }
        }
    }

    /// A path as commands before this one leave it, where they stand together.
    pub(super) fn staged_path(&self, id: Uuid) -> Option<Arc<Loaded<Beneficiary>>> {
        let staged = self.1.as_ref()?.staged.lock();
        staged.paths.get(&id).map(|path| path.loaded.clone())
    }

    /// The version that a path has in the journal, where it was found in the stage.
    pub(super) fn recorded_version(&self, case: &FoundPath) -> Version {
        let found = case.path.state.version();
        let Some(stage) = &self.1 else { return found };
        stage.staged.lock().paths.get(&case.id).map_or(found, |path| path.recorded)
    }

    /// Keeps what a command makes of a path for those that follow it.
    pub(super) fn stage_path(stage: &Stage, case: &FoundPath, loaded: Loaded<Beneficiary>) {
        let (recorded, loaded) = (case.path.state.version(), Arc::new(loaded));
        let mut staged = stage.staged.lock();
        match staged.paths.get_mut(&case.id) {
            Some(path) => path.loaded = loaded,
            None => drop(staged.paths.insert(case.id, StagedPath { recorded, loaded })),
        }
    }

    /// Puts a request behind those that wait. Its position is not known yet.
    pub(super) async fn stage_request(
        &self,
        stage: &Stage,
        request: AppendRequest,
    ) -> Result<Appended, CommandError> {
        if let Some(key) = request.key.as_ref().filter(|_| stage.looks_keys_up)
            && let Some(answered) = self.stored_answer(key).await?
        {
            return Ok(Appended::Answered(answered));
        }
        let mut staged = stage.staged.lock();
        let is_own = |one: &AppendRequest| match (&one.key, &request.key) {
            (Some(one), Some(other)) => one.key == other.key && one.actor == other.actor,
            _ => false,
        };
        if staged.requests.iter().any(is_own) {
            return Err(CommandError::KeyReused);
        }
        let written = request.writes.iter();
        let written = written.map(|write| write.expected_version.plus(write.events.len() as u64));
        let versions = written.chain(request.conditional.iter().map(|_| Version::ZERO)).collect();
        staged.requests.push(request);
        let recorded_at = self.0.clock.now();
        Ok(Appended::Committed(Committed { position: Position::START, recorded_at, versions }))
    }

    /// The answer that a key has.
    pub(super) async fn stored_answer(
        &self,
        key: &RequestKey,
    ) -> Result<Option<Answer>, CommandError> {
        match self.0.journal.find_answer(key).await? {
            None => Ok(None),
            Some(KeyLookup::OtherBody) => Err(CommandError::KeyReused),
            Some(KeyLookup::Answer(stored)) => Answer::replayed(&stored).map(Some),
        }
    }

    fn forget_stream(&self, stream: &StreamId) {
        if stream.aggregate_type == Programme::TYPE {
            self.0.programmes.forget(stream.aggregate_id);
        }
    }
}
