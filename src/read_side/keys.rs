//! The key store as projections use it.

use sira_domain::identity::Identity;
use sira_projections::FoldError;
use sira_projections::case_identity::{IdentityKeys, TermKind, Token};
use uuid::Uuid;

use crate::keys::{Found, IndexKey, KeyStore, KeysError, key_id_of};
use crate::stored::seal_context;

/// Opens identities with the key store, and makes tokens with its index key.
#[derive(Clone, Debug)]
pub struct OpenedKeys {
    keys: KeyStore,
    index: IndexKey,
}

impl OpenedKeys {
    /// On a key store.
    #[must_use]
    pub fn new(keys: KeyStore) -> Self {
        let index = keys.index_key();
        Self { keys, index }
    }
}

fn unfit(cause: &'static str) -> FoldError {
    FoldError::Unfit(cause.into())
}

impl IdentityKeys for OpenedKeys {
    fn token(&self, kind: TermKind, term: &str) -> Token {
        self.index.token(kind as u8, term)
    }

    async fn open(&self, id: Uuid, sealed: &str) -> Result<Option<Identity>, FoldError> {
        let key = key_id_of(sealed).ok_or_else(|| unfit("the identity is not sealed"))?;
        let found = self.keys.get(key).await.map_err(|error| match error {
            KeysError::Database(_) => FoldError::Unavailable(error.into()),
            other => FoldError::Unfit(other.into()),
        })?;
        let key = match found {
            Found::Key(key) => key,
            Found::Destroyed { .. } => return Ok(None),
            // A key store that was restored from an older backup: somebody has to look.
            Found::Unknown => return Err(unfit("the key is not in this key store")),
        };
        let opened = key.open(&seal_context(id, "identity"), sealed);
        let opened = opened.map_err(|error| FoldError::Unfit(error.into()))?;
        // What serde says may quote the identity.
        let identity = serde_json::from_slice(&opened);
        identity.map(Some).map_err(|_| unfit("the identity does not have its form"))
    }
}
