//! Erasure: the fact first, then the key.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use sira_domain::programme::Programme;
use sira_domain::refusal::{Item, Refusal};
use uuid::Uuid;

use super::staff::erased_staff_keys;
use super::{Answer, Call, CommandError, Commands};
use crate::journal::{JournalError, Pool, RecordedEvent, read_type, read_type_of};
use crate::keys::KeyId;
use crate::stored::read_event;

impl Commands {
    /// Erases a person's data: records it, on every path of theirs, then destroys every key that sealed
    /// something of theirs. A path that is linked and not in the caller's charge is named, and nothing is
    /// erased: half of a person is not erased in silence.
    ///
    /// Once the event is durable the decision stands, and no process opens anything of this path
    /// any more. A crash before the keys are destroyed leaves them in the key store: the caller has
    /// had no answer, so the retry (`already_done`) destroys them, and so does the sweep that every
    /// server makes when it starts ([`Commands::finish_erasures`]).
    pub(super) async fn erase(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let linked = self.linked_paths(id).await?;
        for other in &linked {
            if !self.is_in_charge(*other, &call).await? {
                let name = other.to_string();
                return Err(Refusal::Unknown { item: Item::Path, name, field: "linked" }.into());
            }
        }
        let answer = self.command_path(id, entry, body.clone(), call.clone()).await?;
        // A crash in between leaves a duplicate that is not erased: the caller has had no answer, and the
        // retry goes over the same paths. Each is decided for itself, under no key of the request's.
        let bare = Call { key: None, if_match: None, ..call };
        for other in &linked {
            self.command_path(*other, entry, body.clone(), bare.clone()).await?;
        }
        let all: Vec<Uuid> = std::iter::once(id).chain(linked).collect();
        self.complete_erasures(&all).await?;
        Ok(answer)
    }

    /// The other paths of the person of a path: those that were frozen as its duplicates, the one that it
    /// was frozen for, and theirs.
    pub(crate) async fn linked_paths(&self, id: Uuid) -> Result<BTreeSet<Uuid>, CommandError> {
        let (mut known, mut next) = (BTreeSet::from([id]), vec![id]);
        while let Some(one) = next.pop() {
            let path = self.current::<Beneficiary>(one).await?.ok_or(CommandError::NotFound)?;
            let state = path.state.state();
            let linked = state.duplicates.iter().chain(&state.continues_as);
            next.extend(linked.map(|other| other.0).filter(|other| known.insert(*other)));
        }
        known.remove(&id);
        Ok(known)
    }

    /// Records that a person's data are erased for their age, and leaves the keys to
    /// [`Commands::complete_erasures`], which the caller makes once for all whom it erases: each
    /// rewriting of the key store costs time.
    pub(crate) async fn record_retention_erasure(
        &self,
        id: Uuid,
        call: Call,
    ) -> Result<Answer, CommandError> {
        let entry = super::path::entry_of("erase-personal-data")?;
        let body = Map::from_iter([("ground".to_owned(), Value::from("retention"))]);
        self.command_path(id, entry, body, call).await
    }

    /// Destroys every key of people whose erasure is recorded, and removes their documents. Idempotent.
    pub(crate) async fn complete_erasures(&self, ids: &[Uuid]) -> Result<(), CommandError> {
        // The key store would be looked through for nothing.
        if ids.is_empty() {
            return Ok(());
        }
        let mut keys = Vec::new();
        for id in ids {
            let path = self.current::<Beneficiary>(*id).await?.ok_or(CommandError::NotFound)?;
            let state = path.state.state();
            keys.extend(state.keys.iter().filter(|_| state.is_erased()));
        }
        self.0.keys.destroy(&keys).await?;
        // Nobody can open the documents any more. What a crash leaves of them the sweep removes.
        if let Some(documents) = self.documents() {
            for id in ids {
                documents.forget(*id).await?;
            }
        }
        Ok(())
    }

    /// Destroys the keys of every erasure that a crash left half-done, and those that a restored backup
    /// named as destroyed. Idempotent.
    ///
    /// # Errors
    /// When the journal or the key store cannot be reached.
    pub async fn finish_erasures(&self) -> Result<(), CommandError> {
        let destroyed = self.0.journal.destroyed_keys().await?;
        let mut keys: Vec<_> = destroyed.into_iter().map(KeyId).collect();
        for recorded in read_erasures(self.0.journal.pool()).await? {
            keys.extend(erased_keys(&recorded)?);
        }
        self.0.keys.destroy(&keys).await.map_err(Into::into)
    }
}

/// Every erasure that a journal tells: of people, and of names of the staff.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) async fn read_erasures(pool: &Pool) -> Result<Vec<RecordedEvent>, JournalError> {
    let mut erasures = read_type(pool, "PersonalDataErased").await?;
    erasures.extend(read_type_of(pool, Programme::TYPE, "StaffNameErased").await?);
    Ok(erasures)
}

/// The keys that an erasure names; none of another event.
///
/// # Errors
/// [`CommandError::Unreadable`].
pub(crate) fn erased_keys(recorded: &RecordedEvent) -> Result<Vec<KeyId>, CommandError> {
    if *recorded.stream.aggregate_type == *Programme::TYPE {
        return erased_staff_keys(recorded);
    }
    let event: BeneficiaryEvent = read_event(recorded)?;
    Ok(match event.fact {
        Fact::PersonalDataErased(erasure) => erasure.keys,
        _ => Vec::new(),
    })
}
