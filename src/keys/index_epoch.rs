//! The epochs of the index key: tokens of an erased person stay in a database's freed pages and logs, and
//! say nothing any more once the key that they were made under is destroyed.
//!
//! One key is in force (`epoch/index`). Another one comes in its place a day after it came into force when
//! somebody was erased since, and by the calendar otherwise; the old one is *retired*
//! (`epoch/index/retired/<id>`): it opens the rows that are still under it, until they were made anew, and is
//! then destroyed. Rows themselves say which key they are under, so that no process has to know the epochs.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sira_database::on_engine;
use uuid::Uuid;

use super::epoch::{damaged, named, put_name, set_name};
use super::rewrite::{new_mark, rewrite_if_marked};
use super::{FoundKey, IndexKey, KeyId, KeyStore, KeysError, rows};

/// The name in `key_store` of the index key that is in force.
const INDEX_EPOCH: &str = "epoch/index";
/// Since when it is.
const SINCE: &str = "epoch/index/since";
/// When somebody was last erased since then.
pub(super) const ERASED: &str = "epoch/index/erased";
/// Before the id of a key that rows may still be under.
const RETIRED: &str = "epoch/index/retired/";

/// How long an index key is in force at least: making the index anew reads every identity.
const AT_LEAST: TimeDelta = TimeDelta::days(1);
/// How long it is in force at most.
const AT_MOST: TimeDelta = TimeDelta::days(30);

impl KeyStore {
    /// The id of the index key in force, read anew; made when there is none.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn index_key_in_force(&self) -> Result<KeyId, KeysError> {
        let key = self.key_in_force(INDEX_EPOCH).await?;
        Ok(key.id())
    }

    /// An index key; none when it was destroyed, or is of another store.
    ///
    /// # Errors
    /// As [`KeyStore::get`].
    pub async fn index_key_of(&self, key: KeyId) -> Result<Option<IndexKey>, KeysError> {
        Ok(match self.get(key).await? {
            FoundKey::Key(key) => Some(IndexKey::of_epoch(&key)),
            FoundKey::Destroyed { .. } | FoundKey::Unknown => None,
        })
    }

    /// When somebody was last erased whose tokens the key in force has made.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn erased_in_index_epoch(&self) -> Result<Option<DateTime<Utc>>, KeysError> {
        self.time(ERASED).await
    }

    /// Puts another index key in force, if it is time; whether it did.
    ///
    /// # Errors
    /// As [`KeyStore::renew_index_key`].
    pub async fn renew_index_key_in_time(&self) -> Result<bool, KeysError> {
        let now = self.0.clock.now();
        let in_force = self.index_key_in_force().await?;
        let Some(since) = self.time(SINCE).await? else {
            // The key of a first start: its epoch begins here.
            put_name(self.pool()?, SINCE, &written(now)).await?;
            return Ok(false);
        };
        let age = now - since;
        let is_due = match self.time(ERASED).await? {
            Some(_) => age >= AT_LEAST,
            None => age >= AT_MOST,
        };
        if is_due { self.replace_index_key(in_force).await } else { Ok(false) }
    }

    /// Puts another index key in force at once; false when another process has done it in this moment.
    ///
    /// # Errors
    /// The database's failure.
    pub async fn renew_index_key(&self) -> Result<bool, KeysError> {
        let in_force = self.index_key_in_force().await?;
        self.replace_index_key(in_force).await
    }

    /// One transaction: durable when it returns. A crash before it leaves a fresh key that nothing is under;
    /// a crash behind it leaves rows under a retired key, which whoever feeds the read side makes anew.
    async fn replace_index_key(&self, old: KeyId) -> Result<bool, KeysError> {
        let (new, now) = (self.take().await?, written(self.0.clock.now()));
        let mut transaction = self.pool()?.begin().await?;
        let replaced = on_engine!(&mut transaction, db => {
            sqlx::query("UPDATE key_store SET value = $1 WHERE name = $2 AND value = $3")
                .bind(new.id().to_string())
                .bind(INDEX_EPOCH)
                .bind(old.to_string())
                .execute(db)
                .await
                .map(|done| done.rows_affected())
        })?;
        if replaced != 1 {
            return Ok(false);
        }
        for name in [SINCE, &format!("{RETIRED}{old}")] {
            set_name(transaction.connection(), name, &now).await?;
        }
        on_engine!(&mut transaction, db => {
            sqlx::query("DELETE FROM key_store WHERE name = $1").bind(ERASED).execute(db).await.map(drop)
        })?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Destroys the retired index keys for good, as [`KeyStore::destroy`] does; how many. Only for who has
    /// seen that the rows are under the key in force.
    ///
    /// # Errors
    /// As [`KeyStore::destroy`].
    pub async fn destroy_retired_index_keys(&self) -> Result<usize, KeysError> {
        let names: Vec<String> = on_engine!(self.pool()?, db => {
            sqlx::query_scalar("SELECT name FROM key_store WHERE name LIKE $1")
                .bind(format!("{RETIRED}%"))
                .fetch_all(db)
                .await
        })?;
        let id_of = |name: &String| {
            let id = name.strip_prefix(RETIRED).and_then(|id| Uuid::try_parse(id).ok());
            id.map(KeyId).ok_or_else(|| damaged(name))
        };
        let retired = names.iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
        if retired.is_empty() {
            return Ok(0);
        }
        let now = self.0.clock.now();
        rows::empty_named(self.pool()?, RETIRED, &retired, &new_mark()?, now).await?;
        for key in &retired {
            self.forget(*key);
        }
        rewrite_if_marked(self.pool()?).await?;
        Ok(retired.len())
    }

    async fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, KeysError> {
        let Some(text) = named(self.pool()?, name).await? else { return Ok(None) };
        let time = DateTime::parse_from_rfc3339(&text);
        time.map(|time| Some(time.to_utc())).map_err(|_| damaged(name))
    }
}

/// A time as the store keeps it.
pub(super) fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
