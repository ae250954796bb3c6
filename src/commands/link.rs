//! What a command on a path does in other streams: a seat in a cohort, money in a fund, a link to
//! another path. All of it is one append with the path's own event, or none of it.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::Cohort;
use sira_domain::fund::{self, Fund};
use sira_domain::path::{Beneficiary, BeneficiaryEvent, link, unlink};
use sira_domain::refusal::{Item, Refusal};
use sira_domain::values::{BeneficiaryId, Reference};
use uuid::Uuid;

use super::path::{Attempt, Case, alias_of, check_call, parse, prepare};
use super::guards::Shared;
use super::cache::{Loaded, new_event, stream_id};
use super::{ATTEMPTS_MAX, Answer, Appended, Call, CommandError, Commands, FormError, refusal_of};
use crate::journal::{AppendRequest, ConditionalWrite, Guard, StreamWrite};

/// Commands that write to two paths.
pub(super) const LINKS: &[&str] = &["link-duplicate", "unlink-duplicate"];

impl Commands {
    /// What the events of a path write to a fund or a cohort.
    pub(super) async fn conditional_write_of(
        &self,
        case: &Case,
        events: &[BeneficiaryEvent],
        call: &Call,
    ) -> Result<Option<ConditionalWrite>, CommandError> {
        let [event] = events else { return Ok(None) };
        let path = BeneficiaryId(case.id);
        if let Some(fund) = fund::named_fund(event) {
            self.check_neighbour::<Fund>(fund.0, case, Item::Fund).await?;
        }
        if let Some((id, theirs)) = fund::of_path(case.path.state.state(), event, path) {
            self.check_neighbour::<Fund>(id.0, case, Item::Fund).await?;
            return self.refer::<Fund>(id.0, &theirs, call, &case.programme.state).await;
        }
        if let Some((id, theirs)) = sira_domain::cohort::of_path(event, path) {
            self.check_neighbour::<Cohort>(id.0, case, Item::Cohort).await?;
            return self.refer::<Cohort>(id.0, &theirs, call, &case.programme.state).await;
        }
        Ok(None)
    }

    /// A fund or a cohort must be there and belong to the path's programme. Neither ever changes, so
    /// what is kept is as good as what stands.
    async fn check_neighbour<S: Shared>(
        &self,
        id: Uuid,
        case: &Case,
        item: Item,
    ) -> Result<(), CommandError> {
        let guarded = S::guarded_streams(&self.0).get(&self.0.journal, id).await?;
        let name = id.to_string();
        let Some(guarded) = guarded else {
            let field = if item == Item::Fund { "fund" } else { "cohort" };
            return Err(Refusal::Unknown { item, name, field }.into());
        };
        if guarded.state().programme() == Some(case.programme_id) {
            return Ok(());
        }
        Err(Refusal::OtherProgramme { item, name }.into())
    }

    /// Freezes a path in favour of another one, or takes that back: one append over both.
    pub(super) async fn link_now(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        mut body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if let Some(continues) = body.get_mut("continues") {
            *continues = self.id_of(continues, "/continues").await?;
        }
        for _ in 0..ATTEMPTS_MAX {
            if let Attempt::Answered(answer) =
                self.link_once(id, entry, body.clone(), &call).await?
            {
                return Ok(answer);
            }
        }
        Err(CommandError::Contended(ATTEMPTS_MAX))
    }

    async fn link_once(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: &Call,
    ) -> Result<Attempt<()>, CommandError> {
        let other = self.other_path(id, &body).await?;
        let _turns = self.0.beneficiaries.turns([id, other]).await;
        // Read as they stand: a refusal of either is said of its present state.
        let fresh = self.0.journal.freshness().await?;
        let case = self.find_since(&fresh, id).await?;
        let theirs =
            self.find_since(&fresh, other).await.map_err(|error| unknown_path(error, other))?;
        let decided = self.decide_link(&case, &theirs, entry, body, call).await;
        match decided {
            Ok((events, call)) => self.store_link(&case, &theirs, events, &call).await,
            Err(error) => self.answered(call).await?.map(Attempt::Answered).ok_or(error),
        }
    }

    /// The path that the link leads to: named by the body, or by the frozen path itself.
    async fn other_path(&self, id: Uuid, body: &Map<String, Value>) -> Result<Uuid, CommandError> {
        let named = body.get("continues").and_then(Value::as_str);
        if let Some(named) = named.and_then(|text| Uuid::try_parse(text).ok()) {
            return Ok(named);
        }
        let path = self.current_beneficiary(id).await?.ok_or(CommandError::NotFound)?;
        Ok(path.state.state().continues_as.map_or(id, |other| other.0))
    }

    async fn decide_link(
        &self,
        case: &Case,
        theirs: &Case,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: &Call,
    ) -> Result<(Option<(BeneficiaryEvent, BeneficiaryEvent)>, Call), CommandError> {
        check_call(case, call)?;
        let seals = super::draft::brings_any(&body, entry.sealed);
        let key = self.key_of(&case.path.state, seals).await?;
        let body = prepare(body, case.id, entry, key.as_ref(), None)?;
        let (command, call) = parse(entry, body, call)?;
        let (one, other) = (&case.path.state, &theirs.path.state);
        let context = self.context(case, &call);
        let decide = if entry.word == "link-duplicate" { link } else { unlink };
        Ok((decide(one, other, command, &context)?, call))
    }

    async fn store_link(
        &self,
        case: &Case,
        theirs: &Case,
        events: Option<(BeneficiaryEvent, BeneficiaryEvent)>,
        call: &Call,
    ) -> Result<Attempt<()>, CommandError> {
        let Some((own, other)) = events else {
            return self.store(case, Vec::new(), None, call).await;
        };
        let own_events = [own];
        let answer = super::path::answer_of(case, &own_events, None);
        let [own] = own_events;
        let request = AppendRequest {
            writes: vec![write_of(case, &own, call), write_of(theirs, &other, call)],
            guards: vec![programme_guard(case)],
            key: call.key.clone(),
            answer: serde_json::to_string(&answer).unwrap_or_default(),
            ..AppendRequest::default()
        };
        match self.append(request).await? {
            Appended::Committed(committed) => {
                let (position, at) = (committed.position, committed.recorded_at);
                // The second stream's event is the append's last.
                let loaded = case.path.after(vec![own], position - 1, at, 0);
                let version = loaded.state.version();
                self.keep_path(case, loaded);
                self.keep_path(theirs, theirs.path.after(vec![other], position, at, 0));
                Ok(Attempt::Answered(Answer { version, position, ..answer }))
            }
            Appended::Answered(answer) => Ok(Attempt::Answered(answer)),
            Appended::Forbidden(refusal) => Err(refusal_of(&refusal)),
            Appended::Moved => {
                self.forget_case(case);
                self.forget_case(theirs);
                Ok(Attempt::Anew)
            }
        }
    }

    pub(super) fn keep_path(&self, case: &Case, loaded: Loaded<Beneficiary>) {
        self.0.beneficiaries.put(case.id, case.mark, &Arc::new(loaded));
    }

    pub(super) fn forget_case(&self, case: &Case) {
        self.0.beneficiaries.forget(case.id);
        self.0.programmes.forget(case.programme_id);
    }

    /// An id in a body, where people may type a reference.
    pub(super) async fn id_of(&self, given: &Value, pointer: &str) -> Result<Value, CommandError> {
        let wrong = || FormError::new(pointer, "wrong_type", "UUID");
        let text = given.as_str().ok_or_else(wrong)?;
        if Uuid::try_parse(text).is_ok() {
            return Ok(given.clone());
        }
        let reference = Reference::try_new(text)
            .map_err(|error| FormError::new(pointer, error.rule, error.limit))?;
        let found = self.0.journal.find_alias(&alias_of(reference)).await?;
        let unknown = Refusal::Unknown {
            item: Item::Path,
            name: reference.to_string(),
            field: "beneficiary",
        };
        found.map(|stream| stream.aggregate_id.to_string().into()).ok_or_else(|| unknown.into())
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

pub(super) fn write_of(case: &Case, event: &BeneficiaryEvent, call: &Call) -> StreamWrite {
    StreamWrite {
        stream: stream_id::<Beneficiary>(case.id),
        expected_version: case.path.state.version(),
        events: vec![new_event(event, call, event.rules)],
    }
}

pub(super) fn programme_guard(case: &Case) -> Guard {
    Guard {
        stream: stream_id::<sira_domain::programme::Programme>(case.programme_id),
        version: case.programme.state.version,
    }
}
