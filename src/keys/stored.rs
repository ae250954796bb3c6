//! The store's rows as they lie, for backup and restore: nothing here unwraps a key, so none of it needs
//! the master key.

use chrono::{DateTime, Utc};
use sira_database::{Pool, on_engine};
use uuid::Uuid;

use super::database::{open, open_made};
use super::epoch::named;
use super::rewrite::{new_mark, rewrite_if_marked};
use super::{KeyId, KeyStore, KeysError, rows};

impl KeyStore {
    /// The keys that were destroyed, and when.
    ///
    /// # Errors
    /// [`KeysError::Inconsistent`] for a row that is no key; else the database's failure.
    pub async fn destroyed(&self) -> Result<Vec<(KeyId, DateTime<Utc>)>, KeysError> {
        let rows: Vec<(String, DateTime<Utc>)> = on_engine!(self.pool()?, db => {
            sqlx::query_as(
                "SELECT key_id, destroyed_at FROM person_keys WHERE destroyed_at IS NOT NULL \
                 ORDER BY key_id",
            )
            .fetch_all(db)
            .await
        })?;
        let read = |(id, at): (String, _)| match Uuid::try_parse(&id) {
            Ok(key) => Ok((KeyId(key), at)),
            Err(_) => Err(KeysError::Inconsistent { table: "person_keys", id }),
        };
        rows.into_iter().map(read).collect()
    }
}

/// Opens the database of a store, making its tables if they are not there; it need not hold a store yet.
///
/// # Errors
/// As [`KeyStore::open`], but for the master key.
pub(crate) async fn open_bare(url: &str) -> Result<Pool, KeysError> {
    open(url).await
}

/// Destroys keys in the store that the URL names, if there is one; `false` when there is none. As
/// [`KeyStore::destroy`], but needs no master key: no process may have the store open, or it would hold
/// keys in memory for a while.
///
/// # Errors
/// As [`KeyStore::destroy`].
pub(crate) async fn destroy_in(
    url: &str,
    keys: &[KeyId],
    at: DateTime<Utc>,
) -> Result<bool, KeysError> {
    if !is_made(url).await? {
        return Ok(false);
    }
    let pool = open(url).await?;
    let emptied = async {
        rows::empty(&pool, keys, &new_mark()?, at).await?;
        rewrite_if_marked(&pool).await
    };
    let emptied = emptied.await;
    pool.close().await;
    emptied.map(|()| true)
}

/// Whether the URL names a store that was made. Makes none.
///
/// # Errors
/// The database's failure.
pub(crate) async fn is_made(url: &str) -> Result<bool, KeysError> {
    let Some(pool) = open_made(url).await? else { return Ok(false) };
    // What broke off while it was made or restored has tables, and is no store yet.
    let identity = named(&pool, "id").await;
    pool.close().await;
    Ok(identity?.is_some())
}
