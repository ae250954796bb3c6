//! Removing what a crash has left in the store.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sira_domain::path::{Beneficiary, Fact};
use uuid::Uuid;

use super::{DocumentError, DocumentStore};
use crate::commands::{CommandError, Commands};
use crate::keys::{Found, PersonKey};

/// How old an object must be that no event names: an upload under way is done or given up by then.
const ORPHAN_AFTER: TimeDelta = TimeDelta::hours(1);

/// An object of the store, and when it was put there.
type Object = (Path, DateTime<Utc>);

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

impl DocumentStore {
    /// Removes objects that no event names and that are an hour old, and everything of people who
    /// were erased; says how many. What a retracted event names is kept: the event stays as well.
    ///
    /// # Errors
    /// When the store, the journal or the key store cannot be reached.
    pub async fn sweep(&self, commands: &Commands) -> Result<u64, SweepError> {
        let mut by_path: BTreeMap<Uuid, Vec<Object>> = BTreeMap::new();
        let folder = self.0.root.clone().join("beneficiary");
        let mut found = self.0.store.list(Some(&folder));
        while let Some(object) = found.try_next().await.map_err(DocumentError::from)? {
            let parts: Vec<_> = object.location.parts().collect();
            let owner = parts.iter().rev().nth(1);
            let owner = owner.and_then(|part| Uuid::try_parse(part.as_ref()).ok());
            if let Some(owner) = owner {
                let object = (object.location, object.last_modified);
                by_path.entry(owner).or_default().push(object);
            }
        }
        let mut removed = 0;
        for (path, objects) in by_path {
            removed += self.sweep_path(commands, path, objects).await?;
        }
        Ok(removed)
    }

    async fn sweep_path(
        &self,
        commands: &Commands,
        path: Uuid,
        objects: Vec<Object>,
    ) -> Result<u64, SweepError> {
        let before = commands.clock().now() - ORPHAN_AFTER;
        let loaded = commands.current_beneficiary(path).await?;
        let state = loaded.as_ref().map(|loaded| loaded.state.state());
        let is_erased = state.is_some_and(sira_domain::path::State::is_erased);
        let key = match state.and_then(|state| state.keys.last()).filter(|_| !is_erased) {
            Some(key) => match commands.keys().get(*key).await.map_err(CommandError::from)? {
                Found::Key(key) => Some(key),
                Found::Destroyed { .. } => None,
                // Another store's: nothing is known of it, so nothing is removed.
                Found::Unknown => return Ok(0),
            },
            None => None,
        };
        let named = match (&loaded, &key) {
            (Some(loaded), Some(key)) => names(&loaded.state, key),
            _ => BTreeSet::new(),
        };
        let mut removed = 0;
        for (location, put_at) in objects {
            let is_named = location.filename().is_some_and(|name| named.contains(name));
            if !is_named && (is_erased || put_at < before) {
                self.0.store.delete(&location).await.map_err(DocumentError::from)?;
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
