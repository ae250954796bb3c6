//! Two paths of one person: one is frozen in favour of the other, or goes on after all. Both are told
//! in one append.

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, link, unlink};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::Reference;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::answer::Answer;
use super::form::{FieldError, Form, FormRule, Wanted};
use super::path::{FoundPath, PathDraft, SealedCommand, alias_of, answer_of};
use super::pipeline::{Appended, Attempt, Pipeline, carry_out, check_call};
use super::{Call, CommandError, Commands};
use crate::journal::AppendRequest;

/// Commands that write to two paths.
pub(super) const LINKS: &[&str] = &["link-duplicate", "unlink-duplicate"];

/// A link of two paths, or its end, on its way.
struct LinkCommand<'a> {
    commands: &'a Commands,
    id: Uuid,
    /// The path that the body names as the one that continues.
    named: Option<Uuid>,
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
    /// Freezes a path in favour of another one, or takes that back: one append over both.
    pub(super) async fn link(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if let Some(given) = body.get("continues") {
            match self.id_of(given).await? {
                Ok(id) => drop(body.insert("continues".to_owned(), id.to_string().into())),
                Err(rule) => {
                    let error = FieldError::new("/continues", rule);
                    return Err(Form::of_command(entry)
                        .explain(&Value::Object(body), [error])
                        .into());
                }
            }
        }
        let named = body.get("continues").and_then(Value::as_str);
        let named = named.and_then(|text| Uuid::try_parse(text).ok());
        let draft = PathDraft::new(entry, body);
        carry_out(LinkCommand { commands: self, id, named, draft, sealed: None, call }).await
    }

    /// The id in a place where people may write a reference; the rule that it breaks when it is
    /// neither.
    ///
    /// # Errors
    /// When no path has the reference.
    pub(super) async fn id_of(
        &self,
        given: &Value,
    ) -> Result<Result<Uuid, FormRule>, CommandError> {
        let Some(text) = given.as_str() else { return Ok(Err(FormRule::WrongType(Wanted::Id))) };
        if let Ok(id) = Uuid::try_parse(text) {
            return Ok(Ok(id));
        }
        let reference = match Reference::try_new(text) {
            Ok(reference) => reference,
            Err(error) => return Ok(Err(FormRule::of_value(error.rule, &error.limit))),
        };
        let found = self.0.journal.find_alias(&alias_of(reference)).await?;
        let found = found.ok_or_else(|| Refusal::Unknown {
            item: Item::Path,
            name: reference.to_string(),
            field: "beneficiary",
        })?;
        Ok(Ok(found.aggregate_id))
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
        let other = theirs.map_err(|error| unknown_path(error, other))?;
        Ok(TwoPaths { own, other, _turns: turns })
    }

    async fn decide(&mut self, pair: &TwoPaths<'a>) -> Result<Self::Decided, CommandError> {
        let (own, other) = (&pair.own, &pair.other);
        check_call(own.id, &own.path, &own.programme.state, &self.call)?;
        let sealed = self.commands.seal(&self.draft, own, self.sealed.take()).await?;
        let sealed = self.sealed.insert(sealed);
        self.call.occurred_on = sealed.occurred_on.or(self.call.occurred_on);
        let context = self.commands.context(own.id, &own.programme.state, &self.call);
        let decide = if self.draft.entry.word == "link-duplicate" { link } else { unlink };
        Ok(decide(&own.path.state, &other.path.state, sealed.command.clone(), &context)?)
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
        }
        match self.commands.append(request).await? {
            Appended::Committed(committed) if events.is_empty() => {
                Ok(Attempt::Done(Answer { position: committed.position, ..answer }))
            }
            Appended::Committed(committed) => {
                let (position, at) = (committed.position, committed.recorded_at);
                // The second stream's event is the append's last.
                let loaded = own.path.after(events, position - 1, at, 0);
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
    /// The path that the link leads to: named by the body, or by the frozen path itself.
    async fn other_path(&self) -> Result<Uuid, CommandError> {
        if let Some(named) = self.named {
            return Ok(named);
        }
        let path = self.commands.current::<Beneficiary>(self.id).await?;
        let path = path.ok_or(CommandError::NotFound)?;
        Ok(path.state.state().continues_as.map_or(self.id, |other| other.0))
    }
}

fn unknown_path(error: CommandError, id: Uuid) -> CommandError {
    match error {
        CommandError::NotFound => {
            Refusal::Unknown { item: Item::Path, name: id.to_string(), field: "continues" }.into()
        }
        other => other,
    }
}
