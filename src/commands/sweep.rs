//! Removing what a crash has left in the document store: only the paths say what belongs there.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sira_domain::path::{Beneficiary, Fact};
use uuid::Uuid;

use super::{CommandError, Commands};
use crate::documents::{DocumentError, DocumentStore, StoredObject};
use crate::keys::{FoundKey, PersonKey};

/// How old an object must be that no event names: an upload under way is done or given up by then.
const ORPHAN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Why a sweep did not end. The next one begins anew.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The journal or the key store failed.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Commands {
    /// Removes documents that no event names and that are an hour old, and everything of people who
    /// were erased; says how many. What a retracted event names is kept: the event stays as well.
    ///
    /// # Errors
    /// When the store, the journal or the key store cannot be reached.
    pub async fn sweep_documents(&self, documents: &DocumentStore) -> Result<u64, SweepError> {
        let by_path = documents.objects().await?;
        let mut removed = 0;
        for (path, objects) in by_path {
            removed += self.sweep_path(documents, path, objects).await?;
        }
        Ok(removed)
    }

    async fn sweep_path(
        &self,
        documents: &DocumentStore,
        path: Uuid,
        objects: Vec<StoredObject>,
    ) -> Result<u64, SweepError> {
        let before = self.clock().now() - ORPHAN_AFTER;
        let loaded = self.current_beneficiary(path).await?;
        let state = loaded.as_ref().map(|loaded| loaded.state.state());
        let is_erased = state.is_some_and(sira_domain::path::State::is_erased);
        let key = match state.and_then(|state| state.keys.last()).filter(|_| !is_erased) {
            Some(key) => match self.keys().get(*key).await.map_err(CommandError::from)? {
                FoundKey::Key(key) => Some(key),
                FoundKey::Destroyed { .. } => None,
                // Another store's: nothing is known of it, so nothing is removed.
                FoundKey::Unknown => return Ok(0),
            },
            None => None,
        };
        let named = match (&loaded, &key) {
            (Some(loaded), Some(key)) => names(&loaded.state, key),
            _ => BTreeSet::new(),
        };
        let mut removed = 0;
        for object in objects {
            let is_named = object.location.filename().is_some_and(|name| named.contains(name));
            if !is_named && (is_erased || object.put_at < before) {
                documents.remove(&object.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn names(path: &Beneficiary, key: &PersonKey) -> BTreeSet<String> {
    let attached = path.past().iter().filter_map(|event| match &event.fact {
        Fact::DocumentAttached(document) => Some(key.document_name(document.sha256.as_str())),
        _ => None,
    });
    attached.collect()
}
