//! The key store as projections use it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sira_domain::identity::Identity;
use sira_projections::FoldError;
use sira_projections::case_identity::{IdentityIndex, IdentityKeys, IdentityRing, TermKind, Token};
use uuid::Uuid;

use crate::keys::{FoundKey, IndexKey, KeyId, KeyStore, KeysError, key_id_of};
use crate::stored::seal_context;

/// Opens identities with the key store, and makes tokens with its index keys.
#[derive(Clone, Debug)]
pub struct OpenedKeys {
    keys: KeyStore,
    /// Whether another index key comes into force when the one in force is next asked for.
    renews: Arc<AtomicBool>,
}

impl OpenedKeys {
    /// On a key store.
    #[must_use]
    pub fn new(keys: KeyStore) -> Self {
        Self { keys, renews: Arc::default() }
    }

    /// The same, for a rebuild that makes rows under another index key: it comes into force when the rebuild
    /// asks for it, which it does once nobody else rebuilds.
    #[must_use]
    pub fn renewing(self) -> Self {
        Self { renews: Arc::new(AtomicBool::new(true)), ..self }
    }
}

impl IdentityIndex for IndexKey {
    fn token(&self, kind: TermKind, term: &str) -> Token {
        Self::token(self, kind as u8, term)
    }
}

/// Trying again helps when the store is away, and not when it holds something else than it should.
fn failed(error: KeysError) -> FoldError {
    match error {
        KeysError::Database(_) | KeysError::Absent | KeysError::NoFreshKey => {
            FoldError::Unavailable(error.into())
        }
        other => FoldError::Unfit(other.into()),
    }
}

fn unfit(cause: &'static str) -> FoldError {
    FoldError::Unfit(cause.into())
}

/// The keys of some sealed identities.
#[derive(Debug)]
pub struct KeyRing(HashMap<KeyId, FoundKey>);

impl IdentityRing for KeyRing {
    fn open(&self, id: Uuid, sealed: &str) -> Result<Option<Identity>, FoldError> {
        let key = sealed_under(sealed)?;
        open_with(key, self.0.get(&key).unwrap_or(&FoundKey::Unknown), id, sealed)
    }
}

impl IdentityKeys for OpenedKeys {
    type Index = IndexKey;
    type Ring = KeyRing;

    async fn ring(&self, sealed: &[&str]) -> Result<KeyRing, FoldError> {
        // What names no key says so when it is opened.
        let keys: Vec<KeyId> = sealed.iter().filter_map(|sealed| key_id_of(sealed)).collect();
        self.keys.get_many(&keys).await.map(KeyRing).map_err(failed)
    }

    async fn index_key(&self) -> Result<Uuid, FoldError> {
        if self.renews.swap(false, Ordering::Relaxed) {
            self.keys.renew_index_key().await.map_err(failed)?;
        }
        Ok(self.keys.index_key_in_force().await.map_err(failed)?.0)
    }

    async fn index(&self, key: Option<Uuid>) -> Result<Option<IndexKey>, FoldError> {
        match key {
            Some(key) => self.keys.index_key_of(KeyId(key)).await.map_err(failed),
            // Of before the epochs: under the master key's own.
            None => Ok(Some(self.keys.index_key())),
        }
    }

    async fn open(&self, id: Uuid, sealed: &str) -> Result<Option<Identity>, FoldError> {
        let key = sealed_under(sealed)?;
        let found = self.keys.get(key).await.map_err(failed)?;
        open_with(key, &found, id, sealed)
    }
}

fn sealed_under(sealed: &str) -> Result<KeyId, FoldError> {
    key_id_of(sealed).ok_or_else(|| unfit("the identity is not sealed"))
}

/// Opens a path's identity with what was found of its key.
fn open_with(
    key: KeyId,
    found: &FoundKey,
    id: Uuid,
    sealed: &str,
) -> Result<Option<Identity>, FoldError> {
    let key = match found {
        FoundKey::Key(key) => key,
        FoundKey::Destroyed { .. } => return Ok(None),
        // A key store that was restored from an older backup: lost, and so as good as destroyed. It is named,
        // and nobody else waits for it.
        FoundKey::Unknown => {
            tracing::error!(key = %key, path = %id, "a person's key is missing: they cannot be searched");
            return Ok(None);
        }
    };
    let opened = key.open(&seal_context(id, "identity"), sealed);
    let opened = opened.map_err(|error| FoldError::Unfit(error.into()))?;
    // What serde says may quote the identity.
    let identity = serde_json::from_slice(&opened);
    identity.map(Some).map_err(|_| unfit("the identity does not have its form"))
}
