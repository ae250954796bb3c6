//! Deciding without recording: what an import does when it only judges.

use std::sync::Arc;

use serde_json::{Map, Value};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{Beneficiary, decide};
use sira_numbers::Version;
use uuid::Uuid;

use super::super::cache::Loaded;
use super::super::{Call, CommandError, Commands};
use super::{FoundPath, PathDraft, standing_for};
use crate::keys::PersonKey;

/// A path as a rehearsal leaves it.
pub struct Rehearsal {
    path: Beneficiary,
    key: PersonKey,
}

impl Commands {
    /// Decides a command as if those rehearsed before had been recorded; says whether it would
    /// record something. Nothing is written anywhere.
    ///
    /// # Errors
    /// Whatever would forbid the command.
    pub async fn rehearse(
        &self,
        id: Uuid,
        entry: &'static CommandEntry,
        body: Map<String, Value>,
        call: &Call,
        rehearsal: &mut Option<Rehearsal>,
    ) -> Result<bool, CommandError> {
        let draft = PathDraft::new(entry, body);
        let case = self.path_to_rehearse(id, &draft, rehearsal.as_ref()).await?;
        let key = match rehearsal.take() {
            Some(rehearsed) => rehearsed.key,
            None if case.path.state.version() == Version::ZERO => PersonKey::throwaway()?,
            None => self.key_of(&case.path.state).await?,
        };
        let sealed = draft.seal(id, Some(&key), &standing_for(&draft, &case, &key)?)?;
        let call = call.clone().dated(sealed.dated);
        let context = self.context(case.id, &case.programme.state, &call);
        let known = self.know(&case, &sealed, &context).await?;
        let events = decide(&case.path.state, known.command, &context)?;
        self.check_turn(&case, &events).await?;
        let would_record = !events.is_empty();
        let mut path = Beneficiary::clone(&case.path.state);
        for event in events {
            path.take(event);
        }
        *rehearsal = Some(Rehearsal { path, key });
        Ok(would_record)
    }

    async fn path_to_rehearse(
        &self,
        id: Uuid,
        draft: &PathDraft,
        rehearsal: Option<&Rehearsal>,
    ) -> Result<FoundPath, CommandError> {
        match rehearsal {
            None => self.find_to_register(id, draft).await,
            Some(rehearsal) => {
                let state = Arc::new(rehearsal.path.clone());
                let path = Loaded { state, ..Loaded::default() };
                self.found_at(id, self.0.beneficiaries.mark(id), Arc::new(path)).await
            }
        }
    }
}
