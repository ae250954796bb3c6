//! The store's rows as they lie, for backup and restore: nothing here unwraps a key, so none of it needs
//! the master key.

use std::path::Path;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::engine::{Engine, on_engine};
use super::rewrite::{new_mark, rewrite_if_marked};
use super::{KeyId, KeyStore, KeysError, rows};
use crate::journal::Pool;

impl KeyStore {
    /// The keys that were destroyed, and when.
    ///
    /// # Errors
    /// [`KeysError::Inconsistent`] for a row that is no key; else the database's failure.
    pub async fn destroyed(&self) -> Result<Vec<(KeyId, DateTime<Utc>)>, KeysError> {
        let rows: Vec<(String, DateTime<Utc>)> = on_engine!(self.engine(), |db| {
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

    /// The store's database.
    pub(crate) fn pool(&self) -> Pool {
        pool_of(self.engine())
    }
}

fn pool_of(engine: &Engine) -> Pool {
    match engine {
        Engine::Postgres(pool) => Pool::Postgres(pool.clone()),
        Engine::Sqlite(pool) => Pool::Sqlite(pool.clone()),
    }
}

/// The last migration of a key store that this program knows.
pub(crate) fn schema_version() -> i64 {
    super::engine::schema_version()
}

/// Opens the database of a store, making its tables if they are not there; it need not hold a store yet.
///
/// # Errors
/// As [`KeyStore::open`], but for the master key.
pub(crate) async fn open_bare(url: &str) -> Result<Pool, KeysError> {
    Ok(pool_of(&Engine::open(url).await?))
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
    let engine = Engine::open(url).await?;
    let emptied = async {
        rows::empty(&engine, keys, &new_mark()?, at).await?;
        rewrite_if_marked(&engine).await
    };
    let emptied = emptied.await;
    engine.close().await;
    emptied.map(|()| true)
}

/// Whether the URL names a store that was made.
async fn is_made(url: &str) -> Result<bool, KeysError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return Ok(Path::new(path.split('?').next().unwrap_or(path)).exists());
    }
    let pool = sqlx::PgPool::connect(url).await?;
    let made = sqlx::query_scalar("SELECT to_regclass('keys.person_keys') IS NOT NULL");
    let made = made.fetch_one(&pool).await;
    pool.close().await;
    Ok(made?)
}
