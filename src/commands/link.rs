//! Two paths that may be one person's: one is frozen in favour of the other, or goes on after all, or they are
//! told apart. Both are told in one append.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, judge_pair, link, unlink};
use sira_domain::programme::Programme;
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::Reference;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::aggregate::Aggregate;
use super::answer::Answer;
use super::cache::Loaded;
use super::form::{FieldError, Form, FormRule, Wanted};
use super::path::{FoundPath, PathDraft, SealedCommand, answer_of};
use super::pipeline::{Appended, Attempt, Pipeline, carry_out, check_call, check_ground};
use super::{Call, CommandError, Commands};
use crate::journal::AppendRequest;

/// Commands that write to two paths.
pub(super) const LINKS: &[&str] =
    &["link-duplicate", "unlink-duplicate", "dismiss-duplicate", "reconsider-duplicate"];
/// Whether a command on a path reaches beyond it: it writes to two, or destroys what no append brings back.
#[must_use]
pub(crate) fn reaches_beyond_one_path(word: &str) -> bool {
    LINKS.contains(&word) || word == "erase-personal-data"
}

/// The fields in which a body names the other path.
const OTHER: [&str; 2] = ["continues", "other"];

/// A decision on two paths, on its way.
struct LinkCommand<'a> {
    commands: &'a Commands,
    id: Uuid,
    /// The other path, if the body names it, and in which field.
    named: Option<(Uuid, &'static str)>,
    draft: PathDraft,
    sealed: Option<SealedCommand>,
    call: Call,
}

/// Two paths as they stand, and the turns at both.
struct TwoPaths<'a> {
    own: FoundPath,
    other: FoundPath,
    _turns: Vec<MutexGuard<'a, ()>>,
}

impl Commands {
    /// Freezes a path in favour of another one or tells the two apart, or takes either back: one append over
    /// both.
    pub(super) async fn link(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let mut named = None;
        for field in OTHER {
            let Some(given) = body.get(field) else { continue };
            match self.id_of(given, &call).await? {
                Ok(id) => {
                    named = Some((id, field));
                    body.insert(field.to_owned(), id.to_string().into());
                }
                Err(rule) => {
                    let error = FieldError::new(format!("/{field}"), rule);
                    return Err(Form::of_command(entry)
                        .explain(&Value::Object(body), [error])
                        .into());
                }
            }
        }
        let draft = PathDraft::new(entry, body);
        carry_out(LinkCommand { commands: self, id, named, draft, sealed: None, call }).await
    }

    /// The id in a place where people may write a reference; the rule that it breaks when it is
    /// neither. A reference leads only to a path within the caller's reach: nobody learns from it whether
    /// there is a path elsewhere, or its id.
    ///
    /// # Errors
    /// When no path within reach has the reference.
    pub(super) async fn id_of(
        &self,
        given: &Value,
        call: &Call,
    ) -> Result<Result<Uuid, FormRule>, CommandError> {
        let Some(text) = given.as_str() else { return Ok(Err(FormRule::WrongType(Wanted::Id))) };
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Ok(id));
        }
        let reference = match Reference::try_new(text) {
            Ok(reference) => reference,
            Err(error) => return Ok(Err(FormRule::of_value(error.rule, &error.limit))),
        };
        if let Some(found) = self.path_of(reference).await?
            && self.reaches(found, call).await?
        {
            return Ok(Ok(found));
        }
        let name = reference.to_string();
        Err(Refusal::Unknown { item: Item::Path, name, field: "beneficiary" }.into())
    }

    /// Whether a path is there and the caller sees it.
    pub(crate) async fn reaches(&self, id: Uuid, call: &Call) -> Result<bool, CommandError> {
        let found = self.with_programme(id).await?;
        Ok(found
            .is_some_and(|(path, programme)| call.scope.holds_path(path.state.state(), &programme)))
    }

    /// Whether a path is there and in the caller's charge, so that it may be written to.
    pub(super) async fn is_in_charge(&self, id: Uuid, call: &Call) -> Result<bool, CommandError> {
        let found = self.with_programme(id).await?;
        Ok(found.is_some_and(|(path, programme)| {
            call.scope.is_in_charge(path.state.state(), &programme)
        }))
    }

    async fn with_programme(
        &self,
        id: Uuid,
    ) -> Result<Option<(Arc<Loaded<Beneficiary>>, Arc<Programme>)>, CommandError> {
        let Some(path) = self.current::<Beneficiary>(id).await? else { return Ok(None) };
        let programme = Aggregate::programme(&*path.state).unwrap_or_default();
        let programme = self.known_programme(programme).await?;
        Ok(Some((path, programme)))
    }
}

impl<'a> Pipeline for LinkCommand<'a> {
    type Loaded = TwoPaths<'a>;
    type Decided = Option<(BeneficiaryEvent, BeneficiaryEvent)>;

    fn commands(&self) -> &Commands {
        self.commands
    }

    fn call(&self) -> &Call {
        &self.call
    }

    async fn load(&mut self) -> Result<TwoPaths<'a>, CommandError> {
        let commands = self.commands;
        let other = self.other_path().await?;
        let turns = commands.0.beneficiaries.turns([self.id, other]).await;
        // Read as they stand: a refusal of either is said of its present state.
        let fresh = commands.0.journal.freshness().await?;
        let own = commands.find_since(&fresh, self.id).await?;
        let theirs = commands.find_since(&fresh, other).await;
        let other = theirs.map_err(|error| self.unknown_path(error, other))?;
        Ok(TwoPaths { own, other, _turns: turns })
    }

    async fn decide(&mut self, pair: &TwoPaths<'a>) -> Result<Self::Decided, CommandError> {
        let (own, other) = (&pair.own, &pair.other);
        check_call(own.id, &own.path, &own.programme.state, &self.call)?;
        // Both paths are written to: seeing the other one is not enough.
        let theirs = (other.path.state.state(), &*other.programme.state);
        if !self.call.scope.is_in_charge(theirs.0, theirs.1) {
            return Err(self.unknown_path(CommandError::NotFound, other.id));
        }
        let sealed = self.commands.seal(&self.draft, own, self.sealed.take()).await?;
        let sealed = self.sealed.insert(sealed);
        let (state, programme) = (&*own.path.state, &*own.programme.state);
        check_ground(own.id, state, &sealed.command, programme, &self.call)?;
        self.call = self.call.clone().dated(sealed.dated);
        let context = self.commands.context(own.id, &own.programme.state, &self.call);
        let command = sealed.command.clone();
        let paths = (&*own.path.state, &*other.path.state);
        Ok(match self.draft.entry.word {
            "link-duplicate" => link(paths.0, paths.1, command, &context)?,
            "unlink-duplicate" => unlink(paths.0, paths.1, command, &context)?,
            _ => judge_pair(paths.0, (paths.1, &other.programme.state), command, &context)?,
        })
    }

    /// Durable when it returns `Committed`: the event of each of the two paths, or neither. A crash
    /// before that leaves nothing; after it, the retry finds the paths linked, or parted.
    async fn append(
        &mut self,
        pair: TwoPaths<'a>,
        decided: Self::Decided,
    ) -> Result<Attempt, CommandError> {
        let TwoPaths { own, other, .. } = &pair;
        let (events, theirs) = match decided {
            Some((own, theirs)) => (vec![own], vec![theirs]),
            None => (Vec::new(), Vec::new()),
        };
        let answer = answer_of(own, &events, None);
        if events.is_empty() && self.call.key.is_none() {
            return Ok(Attempt::Done(answer));
        }
        let mut request = AppendRequest {
            key: self.call.key.clone(),
            answer: answer.text(),
            ..AppendRequest::default()
        };
        if !events.is_empty() {
            request.writes = vec![own.write(&events, &self.call), other.write(&theirs, &self.call)];
            request.guards = vec![own.programme_guard()];
            if other.programme_id != own.programme_id {
                request.guards.push(other.programme_guard());
            }
        }
        match self.commands.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Attempt::Done(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                let (position, at) = (committed.position, committed.recorded_at);
                // The second stream's event is the append's last.
                let loaded = own.path.after(events, position.before(), at, 0);
                let version = loaded.state.version();
                self.commands.keep_path(own, loaded);
                self.commands.keep_path(other, other.path.after(theirs, position, at, 0));
                Ok(Attempt::Done(Answer { version, position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Done(answer)),
            Appended::Moved => {
                self.commands.forget_path(own);
                self.commands.forget_path(other);
                Ok(Attempt::Anew)
            }
        }
    }
}

impl LinkCommand<'_> {
    /// The other path: named by the body, or by the frozen path itself.
    async fn other_path(&self) -> Result<Uuid, CommandError> {
        if let Some((named, _)) = self.named {
            return Ok(named);
        }
        let path = self.commands.current::<Beneficiary>(self.id).await?;
        let path = path.ok_or(CommandError::NotFound)?;
        Ok(path.state.state().continues_as.map_or(self.id, |other| other.0))
    }

    fn unknown_path(&self, error: CommandError, id: Uuid) -> CommandError {
        let field = self.named.map_or("continues", |(_, field)| field);
        match error {
            CommandError::NotFound => {
                Refusal::Unknown { item: Item::Path, name: id.to_string(), field }.into()
            }
            other => other,
        }
    }
}
