//! Which keys must never come back, as far as it can be known here.
//!
//! Three places know of a destroyed key: its row in the key store, the erasure in the journal, and the
//! ids that a restored backup brought (`destroyed_keys`). Whichever of keys and journal is restored
//! second meets what the first knows: keys are restored without those that the journal names, and a
//! restored journal destroys those it names in the store that is there.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sira_database::on_engine;

use super::BackupError;
use crate::commands::{erased_keys, read_erasures};
use crate::journal::{self, Journal, JournalConfig, Pool};
use crate::keys::{KeyId, destroy_in};

/// What a journal says about keys.
#[derive(Clone, Debug, Default)]
pub struct NamedKeys {
    /// Keys that it knows as destroyed.
    pub destroyed: HashSet<KeyId>,
    /// The key store that belongs to it, once one was opened with it.
    pub key_store: Option<String>,
}

/// What the journal in a database says; none when there is no journal in it.
///
/// # Errors
/// [`BackupError`], also when its schema is another program's: a journal that cannot be read must not
/// count as one that names nobody.
pub async fn destroyed_keys(config: &JournalConfig) -> Result<Option<NamedKeys>, BackupError> {
    if !Journal::is_made(config).await? {
        return Ok(None);
    }
    let pool = Journal::bare(config).await?;
    let named = named(&pool).await;
    pool.close().await;
    named.map(Some)
}

async fn named(pool: &Pool) -> Result<NamedKeys, BackupError> {
    let told = journal::destroyed_keys(pool).await?;
    let mut destroyed: HashSet<_> = told.into_iter().map(KeyId).collect();
    for erasure in read_erasures(pool).await? {
        destroyed.extend(erased_keys(&erasure)?);
    }
    let key_store: Option<String> = on_engine!(pool, db => {
        sqlx::query_scalar("SELECT value FROM journal_settings WHERE name = 'key_store'")
            .fetch_optional(db)
            .await
    })?;
    Ok(NamedKeys { destroyed, key_store })
}

/// Destroys, in the key store that the URL names, every key that the journal names as destroyed; how
/// many it names, or none when there is no key store.
///
/// # Errors
/// [`BackupError`]: to be run again. Every start of a server does the same.
pub async fn destroy_again(
    config: &JournalConfig,
    keys_url: &str,
    now: DateTime<Utc>,
) -> Result<Option<usize>, BackupError> {
    let named = destroyed_keys(config).await?.unwrap_or_default();
    let keys: Vec<_> = named.destroyed.into_iter().collect();
    Ok(destroy_in(keys_url, &keys, now).await?.then_some(keys.len()))
}
