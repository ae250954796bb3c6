//! Erasure: the fact first, then the key.

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, BeneficiaryEvent, Fact};
use uuid::Uuid;

use super::{Answer, Call, CommandError, Commands};
use crate::journal::RecordedEvent;
use crate::keys::KeyId;
use crate::stored::read_event;

impl Commands {
    /// Erases a person's data: records it, then destroys every key that sealed something of theirs.
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
        let answer = self.command_path(id, entry, body, call).await?;
        self.complete_erasures(&[id]).await?;
        Ok(answer)
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
        for recorded in self.0.journal.read_type("PersonalDataErased").await? {
            keys.extend(erased_keys(&recorded)?);
        }
        self.0.keys.destroy(&keys).await.map_err(Into::into)
    }
}

/// The keys that an erasure names; none of another event.
///
/// # Errors
/// [`CommandError::Unreadable`].
pub(crate) fn erased_keys(recorded: &RecordedEvent) -> Result<Vec<KeyId>, CommandError> {
    let event: BeneficiaryEvent = read_event(recorded)?;
    Ok(match event.fact {
        Fact::PersonalDataErased(erasure) => erasure.keys,
        _ => Vec::new(),
    })
}
