//! Names of the staff, which a programme may keep sealed: each member's under a key of their own.

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::names::seal_context_of_programme;
use sira_domain::programme::{Programme, ProgrammeEvent, ProgrammeFact, StaffPost};
use sira_domain::values::{ActorId, Text};
use uuid::Uuid;

use super::form::FieldError;
use super::path::{SealFault, check_letters, seal_texts};
use super::{CommandError, Commands};
use crate::journal::RecordedEvent;
use crate::keys::{FoundKey, KeyId, KeysError, PersonKey};
use crate::stored::read_event;

/// The field of a post that is stored sealed.
const SEALED_NAME: &str = "sealed_name";
/// The command whose end is the destruction of a key.
const ERASE: &str = "erase-staff-name";

impl Commands {
    /// Seals the name in a post under the key that this member's name has in the programme, or a new one.
    /// What a crash leaves of a new key is a row that seals nothing.
    pub(super) async fn seal_staff_name(
        &self,
        id: Uuid,
        entry: &CommandEntry,
        body: &mut Map<String, Value>,
    ) -> Result<(), SealFault> {
        let told = body.get(SEALED_NAME).filter(|told| !told.is_null());
        if !entry.sealed.contains(&SEALED_NAME) || told.is_none() {
            return Ok(());
        }
        // It is a name, though it is sealed as a text: one line, and nothing hidden in it.
        if let Some(name) = told.and_then(Value::as_str) {
            let pointer = format!("/{SEALED_NAME}");
            Text::<120>::try_new(name).map_err(|error| FieldError::of_value(&pointer, &error))?;
            let alone = Map::from_iter([(SEALED_NAME.to_owned(), Value::from(name))]);
            check_letters(&alone, &[])?;
        }
        let actor = body.get("actor").and_then(Value::as_str);
        // A post without an actor is refused for that, whatever its name is sealed under.
        let actor = actor.and_then(|actor| ActorId::try_new(actor).ok());
        let key = self.staff_key(id, actor.as_ref()).await?;
        let bound_to = |field: &str| seal_context_of_programme(id, field);
        seal_texts(body, &[SEALED_NAME], &bound_to, &key)
    }

    async fn staff_key(&self, id: Uuid, actor: Option<&ActorId>) -> Result<PersonKey, KeysError> {
        // Whether the programme is there, and can be read, the command finds for itself.
        let programme = self.current::<Programme>(id).await.ok().flatten();
        let known = programme.zip(actor).and_then(|(found, actor)| found.state.staff_key(actor));
        if let Some(known) = known
            && let FoundKey::Key(key) = self.keys().get(known).await?
        {
            return Ok(key);
        }
        self.keys().take().await
    }

    /// The name of a post in clear: as it stands there, or opened; none where it was erased or never told.
    ///
    /// # Errors
    /// When the key store cannot be reached.
    pub async fn staff_name(
        &self,
        programme: Uuid,
        post: &StaffPost,
    ) -> Result<Option<String>, CommandError> {
        let Some(sealed) = &post.sealed_name else {
            return Ok(post.name.as_ref().map(ToString::to_string));
        };
        let Some(key) = sealed.key() else { return Ok(None) };
        let FoundKey::Key(key) = self.keys().get(key).await? else { return Ok(None) };
        let plain =
            key.open(&seal_context_of_programme(programme, SEALED_NAME), sealed.as_str())?;
        Ok(std::str::from_utf8(&plain).ok().map(str::to_owned))
    }

    /// Destroys the keys of names that were erased, once that is recorded. A crash in between leaves them in
    /// the key store: the caller has had no answer, so the retry destroys them, and so does every start
    /// ([`Commands::finish_erasures`]).
    pub(super) async fn complete_staff_erasures(
        &self,
        id: Uuid,
        entry: &CommandEntry,
    ) -> Result<(), CommandError> {
        if entry.word != ERASE {
            return Ok(());
        }
        let found = self.current::<Programme>(id).await?.ok_or(CommandError::NotFound)?;
        let keys: Vec<KeyId> = found.state.erased_staff_keys().collect();
        self.keys().destroy(&keys).await.map_err(Into::into)
    }
}

/// The keys that the erasure of a name names; none of another event.
///
/// # Errors
/// [`CommandError::Unreadable`].
pub(super) fn erased_staff_keys(recorded: &RecordedEvent) -> Result<Vec<KeyId>, CommandError> {
    let event: ProgrammeEvent = read_event(recorded)?;
    Ok(match event.fact {
        ProgrammeFact::StaffNameErased(erasure) => erasure.keys,
        _ => Vec::new(),
    })
}
