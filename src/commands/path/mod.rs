//! Commands to a beneficiary's path.

mod accept;
mod append;
mod draft;
mod found;
mod known;
mod rehearse;
mod retract;

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{BENEFICIARY_COMMANDS, Beneficiary, BeneficiaryEvent};
use sira_domain::refusal::Refusal;
use uuid::Uuid;

pub(super) use append::{EVENT_BYTES, answer_of};
pub use draft::SealFault;
pub use draft::check_form;
pub(super) use draft::{
    PathDraft, SealedCommand, StandingIdentity, check_letters, seal_texts, take_dated,
};
pub(super) use found::FoundPath;
pub use rehearse::Rehearsal;
pub use sira_domain::names::alias_of_person as alias_of;

use super::aggregate::Aggregate as _;
use super::answer::{Answer, CommandWarning};
use super::cache::Loaded;
use super::link::{LINKS, reaches_beyond_one_path};
use super::pipeline::{
    Attempt, Pipeline, carry_out, check_call, check_ground, check_reach, in_task,
};
use super::{Call, CommandError, Commands, new_id};
use crate::journal::{ConditionalWrite, Guard};
use crate::keys::PersonKey;

/// A command to a path, on its way.
struct PathCommand<'a> {
    commands: &'a Commands,
    id: Uuid,
    origin: Origin,
    draft: PathDraft,
    sealed: Option<SealedCommand>,
    call: Call,
}

/// The way in which a command came to the id of its path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// It is given to a path that has begun.
    Named,
    /// It registers under an id that was drawn for it, so that nothing can stand there.
    Drawn,
    /// It registers under the lasting id of an imported row: when the path has begun, this is a
    /// retry, or its registration was retracted.
    Lasting,
}

/// The events that a command to a path leads to, what they write to a fund or a cohort, and what else the
/// decision has read.
pub(super) struct Decided {
    pub events: Vec<BeneficiaryEvent>,
    pub conditional: Option<ConditionalWrite>,
    pub guards: Vec<Guard>,
    pub warnings: Vec<CommandWarning>,
}

impl Commands {
    /// A path at its current version: see [`Commands::current`].
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn current_beneficiary(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<Beneficiary>>>, CommandError> {
        match self.staged_path(id) {
            Some(staged) => Ok(Some(staged)),
            None => self.current(id).await,
        }
    }

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
        let draft = PathDraft::new(entry_of(Beneficiary::FIRST)?, body);
        let commands = self.clone();
        in_task(Beneficiary::FIRST, async move {
            let _turn = match id {
                Some(id) => Some(commands.0.beneficiaries.turn(id).await),
                None => None,
            };
            let origin = if id.is_some() { Origin::Lasting } else { Origin::Drawn };
            let id = id.unwrap_or_else(|| new_id(&commands.0.clock));
            let commands = &commands;
            carry_out(PathCommand { commands, id, origin, draft, sealed: None, call }).await
        })
        .await
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
        let entry = entry_of(word)?;
        let commands = self.clone();
        if reaches_beyond_one_path(entry.word) {
            self.check_alone()?;
        }
        in_task(entry.word, async move {
            match entry.word {
                "erase-personal-data" => commands.erase(id, entry, body, call).await,
                word if LINKS.contains(&word) => commands.link(id, entry, body, call).await,
                _ => commands.command_path(id, entry, body, call).await,
            }
        })
        .await
    }

    /// As [`Commands::command_beneficiary`], within a task that there is already.
    pub(super) async fn command_path(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let draft = PathDraft::new(entry, body);
        let _turn = self.0.beneficiaries.turn(id).await;
        let (commands, origin, sealed) = (self, Origin::Named, None);
        carry_out(PathCommand { commands, id, origin, draft, sealed, call }).await
    }
}

impl Pipeline for PathCommand<'_> {
    type Loaded = FoundPath;
    type Decided = Decided;

    fn commands(&self) -> &Commands {
        self.commands
    }

    fn call(&self) -> &Call {
        &self.call
    }

    async fn load(&mut self) -> Result<FoundPath, CommandError> {
        match self.origin {
            Origin::Named => self.commands.find(self.id).await,
            Origin::Drawn => self.commands.new_path(self.id, &self.draft).await,
            Origin::Lasting => self.commands.find_to_register(self.id, &self.draft).await,
        }
    }

    async fn decide(&mut self, case: &FoundPath) -> Result<Decided, CommandError> {
        let (state, programme) = (&*case.path.state, &case.programme.state);
        check_call(case.id, &case.path, programme, &self.call)?;
        let sealed = self.commands.seal(&self.draft, case, self.sealed.take()).await?;
        let sealed = self.sealed.insert(sealed);
        self.call = self.call.clone().dated(sealed.dated);
        let context = self.commands.context(case.id, programme, &self.call);
        let known = self.commands.know(case, sealed, &context).await?;
        check_ground(case.id, state, &known.command, programme, &self.call)?;
        let warnings = sealed.warnings.clone();
        let events = state.decide(known.command, &context)?;
        check_reach(case.id, state, &events, programme, &self.call)?;
        let conditional = self.commands.write_to_neighbour(case, &events, &self.call).await?;
        let mut guards = self.commands.check_turn(case, &events).await?;
        guards.extend(known.guards);
        Ok(Decided { events, conditional, guards, warnings })
    }

    async fn append(&mut self, case: FoundPath, decided: Decided) -> Result<Attempt, CommandError> {
        if decided.events.is_empty() && !self.is_current(&case).await? {
            return Ok(Attempt::Anew);
        }
        let reference = self.sealed.as_ref().and_then(|sealed| sealed.reference);
        let attempt = self.commands.store(&case, decided, reference, &self.call).await?;
        if let (Attempt::Anew, Some(sealed)) = (&attempt, &mut self.sealed) {
            // The reference may have been found taken.
            sealed.draw_anew();
        }
        Ok(attempt)
    }

    /// A path is found as this process knows it.
    async fn is_current(&self, case: &FoundPath) -> Result<bool, CommandError> {
        self.commands.stands(case).await
    }
}

impl Commands {
    /// A draft sealed for a path as it was found; what was sealed in an attempt before serves again
    /// where it can.
    pub(super) async fn seal(
        &self,
        draft: &PathDraft,
        case: &FoundPath,
        before: Option<SealedCommand>,
    ) -> Result<SealedCommand, CommandError> {
        match before {
            Some(sealed) if sealed.serves(case.path.state.state()) => Ok(sealed),
            _ if draft.seals() => {
                let key = match self.key_of(&case.path.state).await {
                    // Who is told anew gets a new key: from it on texts can be added again.
                    Err(CommandError::Refused(Refusal::KeyLost)) if draft.amends() => {
                        self.0.keys.take().await?
                    }
                    found => found?,
                };
                let standing = standing_for(draft, case, &key)?;
                draft.seal(case.id, Some(&key), &standing)
            }
            _ => draft.seal(case.id, None, &StandingIdentity::default()),
        }
    }
}

/// The identity that a draft changes, as it stands; none for one that changes none.
pub(super) fn standing_for(
    draft: &PathDraft,
    case: &FoundPath,
    key: &PersonKey,
) -> Result<StandingIdentity, CommandError> {
    if draft.amends() {
        return StandingIdentity::of(case.id, case.path.state.state(), key);
    }
    Ok(StandingIdentity::default())
}

/// The command of a word.
pub(super) fn entry_of(word: &str) -> Result<&'static CommandEntry, CommandError> {
    let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word);
    entry.ok_or(CommandError::NoSuchCommand)
}
