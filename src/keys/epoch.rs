//! Keys of the store's own that live from one erasure to the next: what is hashed under one says nothing of
//! anybody any more once it is destroyed.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sira_database::{Connection, Pool, on_engine};
use uuid::Uuid;

use super::aead::mac;
use super::{FoundKey, KeyId, KeyStore, KeysError, PersonKey};

/// Begins the names of `key_store` that are of epochs: the ids of their keys, and when they began.
pub(crate) const EPOCHS: &str = "epoch/";
/// The name in `key_store` of the key that is in force.
pub(super) const REQUEST_EPOCH: &str = "epoch/request";

/// The key under which the bodies of requests are hashed, until somebody is erased. Cheap to clone.
#[derive(Clone)]
pub struct RequestHashKey(PersonKey);

impl RequestHashKey {
    /// The keyed hash of a body's parts: 8 bytes that name the key, and 24 of HMAC-SHA256.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let hash = mac(self.0.secret().as_ref(), parts);
        let name = self.0.id().0.into_bytes();
        std::array::from_fn(|index| match index {
            // The last bytes of the id are its random ones.
            0..8 => name[index + 8],
            _ => hash[index - 8],
        })
    }
}

/// The key in force as this process last read it.
#[derive(Default)]
pub(super) struct Epoch(Mutex<Option<(RequestHashKey, DateTime<Utc>)>>);

impl Epoch {
    pub(super) fn forget(&self) {
        *self.0.lock() = None;
    }
}

impl KeyStore {
    /// The key under which the bodies of requests are hashed now, made when there is none.
    ///
    /// Durable when it is returned. Another process that has just erased somebody has destroyed it; this
    /// one goes on with it for up to a minute, and what it hashes meanwhile is as good as unhashed: a
    /// retry is then known by its name alone.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn request_hash_key(&self) -> Result<RequestHashKey, KeysError> {
        let now = self.0.clock.now();
        if let Some((key, read_at)) = &*self.0.epoch.0.lock()
            && super::store::is_fresh(*read_at, now)
        {
            return Ok(key.clone());
        }
        let key = RequestHashKey(self.key_in_force(REQUEST_EPOCH).await?);
        *self.0.epoch.0.lock() = Some((key.clone(), now));
        Ok(key)
    }

    /// The key under which bodies were hashed that had this id; none when it was destroyed.
    ///
    /// # Errors
    /// As [`KeyStore::get`].
    pub async fn request_hash_key_of(
        &self,
        id: KeyId,
    ) -> Result<Option<RequestHashKey>, KeysError> {
        Ok(match self.get(id).await? {
            FoundKey::Key(key) => Some(RequestHashKey(key)),
            FoundKey::Destroyed { .. } | FoundKey::Unknown => None,
        })
    }

    /// Of two processes that make the first key together, one's is in force, and both use that.
    pub(super) async fn key_in_force(&self, name: &str) -> Result<PersonKey, KeysError> {
        loop {
            if let Some(id) = named(self.pool()?, name).await? {
                let id = KeyId(Uuid::try_parse(&id).map_err(|_| damaged(name))?);
                match self.get(id).await? {
                    FoundKey::Key(key) => return Ok(key),
                    // Lost with the key store's last days, or destroyed in this very moment.
                    FoundKey::Destroyed { .. } | FoundKey::Unknown => {
                        forget_name(self.pool()?, name, id).await?;
                    }
                }
            }
            let key = self.take().await?;
            put_name(self.pool()?, name, &key.id().to_string()).await?;
        }
    }
}

pub(super) async fn named(pool: &Pool, name: &str) -> Result<Option<String>, sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query_scalar("SELECT value FROM key_store WHERE name = $1")
            .bind(name)
            .fetch_optional(db)
            .await
    })
}

/// Gives a name its value, unless it has one.
pub(super) async fn put_name(pool: &Pool, name: &str, value: &str) -> Result<(), sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query("INSERT INTO key_store (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(db)
            .await
            .map(drop)
    })
}

/// Gives a name its value, in place of the one that it has.
pub(super) async fn set_name(
    db: Connection<'_>,
    name: &str,
    value: &str,
) -> Result<(), sqlx::Error> {
    on_engine!(db, db => {
        sqlx::query(
            "INSERT INTO key_store (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(db)
        .await
        .map(drop)
    })
}

/// Forgets a name, if it is still that of this key.
async fn forget_name(pool: &Pool, name: &str, key: KeyId) -> Result<(), sqlx::Error> {
    on_engine!(pool, db => {
        sqlx::query("DELETE FROM key_store WHERE name = $1 AND value = $2")
            .bind(name)
            .bind(key.to_string())
            .execute(db)
            .await
            .map(drop)
    })
}

pub(super) fn damaged(name: &str) -> KeysError {
    KeysError::Inconsistent { table: "key_store", id: name.to_owned() }
}
