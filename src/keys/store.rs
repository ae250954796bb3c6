//! The key store: makes, finds and destroys data keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use sira_database::Pool;
use sira_numbers::since_1970;
use uuid::{Builder, Uuid};

use super::aead::{random, random_secret};
use super::database;
use super::epoch::Epoch;
use super::identity::identify;
use super::rewrite::{new_mark, rewrite_if_marked};
use super::rows::{self, KeyRow, WrappedKey};
use super::stock::{Stock, Turn};
use super::{IndexKey, KeyId, KeysError, MasterKey, PersonKey};
use crate::clock::Clock;

/// Unwrapped keys held in memory: about 5 MB. A miss costs one read.
const CACHED_KEYS: usize = 32_768;

/// Keys of one bulk: three values a key go into one statement, far below what either engine takes.
pub const BULK_KEYS_MAX: usize = 4_096;

/// How long a key is answered from memory. Destroying a key empties the cache of the process that does
/// it; another process may hold it this much longer. That is no hole: the person's stream itself says
/// that it was erased, and is asked first. The limit only bounds how long the bytes stay in memory.
const CACHED_FOR: TimeDelta = TimeDelta::seconds(60);

/// What the store knows of a key.
#[derive(Clone, Debug)]
pub enum FoundKey {
    /// The key.
    Key(PersonKey),
    /// It was destroyed: what it sealed is gone for good.
    Destroyed {
        /// When, by the clock of the server that did it.
        at: DateTime<Utc>,
    },
    /// The store never had it, or was restored from a backup that is older than the key.
    Unknown,
}

/// The store of data keys. Cheap to clone: all clones share one pool, one cache and one stock of keys.
#[derive(Clone)]
pub struct KeyStore(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// None where there is no store.
    pool: Option<Pool>,
    master: MasterKey,
    pub(super) clock: Clock,
    id: Uuid,
    cache: Cache<KeyId, CachedKey>,
    stock: Stock,
    pub(super) epoch: Epoch,
}

#[derive(Clone)]
struct CachedKey {
    key: PersonKey,
    read_at: DateTime<Utc>,
}

impl KeyStore {
    /// Opens the store that the URL names (`sqlite:PATH` or `postgres://..`), making it if it is not
    /// there, and finishes a destruction that a crash has interrupted.
    ///
    /// On `PostgreSQL` everything is in schema `keys`; making that needs the right to create in the
    /// database, once.
    ///
    /// # Errors
    /// [`KeysError::WrongMasterKey`], [`KeysError::UnknownSchema`], [`KeysError::UnknownEngine`],
    /// [`KeysError::NotRewritten`], or the database's failure.
    pub async fn open(url: &str, master: MasterKey, clock: Clock) -> Result<Self, KeysError> {
        let pool = database::open(url).await?;
        let id = identify(&pool, &master).await?;
        rewrite_if_marked(&pool).await?;
        let (cache, stock) = (Cache::new(CACHED_KEYS), Stock::default());
        let epoch = Epoch::default();
        let pool = Some(pool);
        Ok(Self(Arc::new(Inner { pool, master, clock, id, cache, stock, epoch })))
    }

    /// In the place of a store that is not here, as on an auditor's machine: it knows no key, so that what is
    /// sealed stays sealed, and makes none. Nothing is opened and nothing is made.
    ///
    /// # Errors
    /// [`KeysError::Randomness`].
    pub fn absent(clock: Clock) -> Result<Self, KeysError> {
        let (cache, stock) = (Cache::new(1), Stock::default());
        // Wraps nothing and is never stored: names of the staff in an export are made with it, and are
        // others the next time.
        let master = MasterKey::random()?;
        let (id, epoch) = (Uuid::nil(), Epoch::default());
        Ok(Self(Arc::new(Inner { pool: None, master, clock, id, cache, stock, epoch })))
    }

    /// Whether there is a store.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.0.pool.is_some()
    }

    /// The store's identity, made once: a journal remembers it, and refuses to be served with the keys
    /// of another. Nil where there is no store.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.id
    }

    /// The store's database.
    ///
    /// # Errors
    /// [`KeysError::Absent`].
    pub(crate) fn pool(&self) -> Result<&Pool, KeysError> {
        self.0.pool.as_ref().ok_or(KeysError::Absent)
    }

    /// The key of names that are the same for as long as the master key is: those of the staff in exports.
    #[must_use]
    pub fn index_key(&self) -> IndexKey {
        self.0.master.index_key()
    }

    /// What the code on a paper is known by: HMAC-SHA256 of its parts, under a key that lives as long as the master key.
    /// Each part says how long it is, so that no two lists of parts are one.
    ///
    /// # Errors
    /// [`KeysError::Absent`]: without a store nobody could know the code again.
    pub fn paper_mark(&self, parts: &[&[u8]]) -> Result<[u8; 32], KeysError> {
        self.pool()?;
        let lengths: Vec<[u8; 8]> =
            parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let fed: Vec<&[u8]> =
            lengths.iter().zip(parts).flat_map(|(length, part)| [&length[..], *part]).collect();
        Ok(self.0.master.paper_mark(&fed))
    }

    /// A fresh key: durable, and given to nobody else, ever.
    ///
    /// Mostly from memory: keys are made in blocks, ahead of demand. A key whose person is never
    /// recorded (the server crashed, the command was refused) stays behind unused.
    ///
    /// # Errors
    /// [`KeysError::NoFreshKey`] after another caller got the cause; else the database's failure.
    pub async fn take(&self) -> Result<PersonKey, KeysError> {
        let key = match self.0.stock.pop() {
            Some(key) => key,
            None => self.take_in_turn().await?,
        };
        if let Some(turn) = self.0.stock.turn_if_low() {
            tokio::spawn(self.clone().make_ahead(turn));
        }
        // The person's next command comes soon.
        self.0.cache.insert(key.id(), CachedKey { key: key.clone(), read_at: self.0.clock.now() });
        Ok(key)
    }

    /// Fresh keys as [`KeyStore::take`] gives them, many at once: one durable commit for all. For who
    /// registers a population; they are not kept in memory here.
    ///
    /// # Errors
    /// The database's failure; none of them was given out then.
    pub async fn take_many(&self, count: usize) -> Result<Vec<PersonKey>, KeysError> {
        self.store_block(count.min(BULK_KEYS_MAX)).await
    }

    /// Looks for a key.
    ///
    /// # Errors
    /// [`KeysError::Inconsistent`] when its row was altered; else the database's failure.
    pub async fn get(&self, key: KeyId) -> Result<FoundKey, KeysError> {
        let cache = &self.0.cache;
        let now = self.0.clock.now();
        cache.remove_if(&key, |cached| !cached.is_fresh(now));
        // The guard makes others who want the same key wait for this read. A destruction in between
        // takes the guard's place away, so that what was read before it is never put into the cache.
        match cache.get_value_or_guard_async(&key).await {
            Ok(cached) => Ok(FoundKey::Key(cached.key)),
            Err(guard) => {
                let found = self.read(key).await?;
                if let FoundKey::Key(key) = &found {
                    drop(guard.insert(CachedKey { key: key.clone(), read_at: now }));
                }
                Ok(found)
            }
        }
    }

    /// Destroys keys for good. When it returns, nobody who holds the store's files and the master key
    /// can get them back; what that means on each engine, and for backups, is in
    /// `docs/decisions/0003-personal-data.md`. Keys that are destroyed or unknown are passed over.
    ///
    /// With them goes the key under which requests were hashed: the hash of a request that told who
    /// somebody is must not outlive their key.
    ///
    /// Rewrites the store, which takes time in proportion to its size and holds up other callers: give
    /// many keys at once rather than one by one.
    ///
    /// # Errors
    /// [`KeysError::NotRewritten`] when the keys are unusable but their bytes may still be in the
    /// files: call it again. On the database's failure the keys may or may not be destroyed: call it
    /// again too.
    pub async fn destroy(&self, keys: &[KeyId]) -> Result<(), KeysError> {
        let (inner, pool) = (&self.0, self.pool()?);
        let emptied = rows::empty(pool, keys, &new_mark()?, inner.clock.now()).await;
        // Even when it failed: a commit whose answer was lost is a commit.
        for key in keys {
            inner.cache.remove(key);
        }
        inner.epoch.forget();
        if let Some(key) = emptied? {
            inner.cache.remove(&key);
        }
        // Even when there was nothing to empty: a crash may have left this key's rewriting undone.
        rewrite_if_marked(pool).await
    }

    /// Forgets a key that was destroyed.
    pub(super) fn forget(&self, key: KeyId) {
        self.0.cache.remove(&key);
    }

    /// Whether the store answers.
    pub async fn is_reachable(&self) -> bool {
        // Any key will do: there is none with this id, and asking for it reads the store.
        self.is_here() && self.read(KeyId(Uuid::nil())).await.is_ok()
    }

    /// Closes the store, after a block that is being made. Calls that come later fail.
    pub async fn close(&self) {
        let _turn = self.0.stock.turn().await;
        self.0.stock.clear();
        self.0.cache.clear();
        if let Some(pool) = &self.0.pool {
            pool.close().await;
        }
    }

    /// Looks for many keys at once, past the memory: who asks for a whole population neither fills it nor relies on
    /// it. Keys that the store does not know are not among them.
    ///
    /// # Errors
    /// As [`KeyStore::get`].
    pub async fn get_many(&self, keys: &[KeyId]) -> Result<HashMap<KeyId, FoundKey>, KeysError> {
        let Some(pool) = &self.0.pool else { return Ok(HashMap::new()) };
        let rows = rows::find_many(pool, keys).await?;
        let found = rows.into_iter().map(|(id, row)| {
            let damaged = |_| KeysError::Inconsistent { table: "person_keys", id: id.clone() };
            let key = KeyId(Uuid::try_parse(&id).map_err(damaged)?);
            Ok((key, self.found(key, row)?))
        });
        found.collect()
    }

    async fn read(&self, key: KeyId) -> Result<FoundKey, KeysError> {
        // Where there is no store it is as in one that never had the key.
        let Some(pool) = &self.0.pool else { return Ok(FoundKey::Unknown) };
        match rows::find(pool, key).await? {
            Some(row) => self.found(key, row),
            None => Ok(FoundKey::Unknown),
        }
    }

    fn found(&self, key: KeyId, row: KeyRow) -> Result<FoundKey, KeysError> {
        match (row.wrapped, row.destroyed_at) {
            (Some(wrapped), _) => self.0.master.unwrap(key, &wrapped).map(FoundKey::Key),
            (None, Some(at)) => Ok(FoundKey::Destroyed { at }),
            (None, None) => {
                Err(KeysError::Inconsistent { table: "person_keys", id: key.to_string() })
            }
        }
    }

    /// Waits for a block that is being made, or makes one. Whoever makes it keeps a key of it, so that
    /// nobody waits twice.
    async fn take_in_turn(&self) -> Result<PersonKey, KeysError> {
        let stock = &self.0.stock;
        let failures = stock.failures();
        let _turn = stock.turn().await;
        if let Some(key) = stock.pop() {
            return Ok(key);
        }
        if stock.failures() != failures {
            return Err(KeysError::NoFreshKey);
        }
        let mut block = self.make_block(stock.larger_block()).await?;
        let key = block.pop().ok_or(KeysError::NoFreshKey)?;
        stock.put(block);
        Ok(key)
    }

    async fn make_ahead(self, turn: Turn) {
        let stock = &self.0.stock;
        match self.make_block(stock.same_block()).await {
            Ok(block) => stock.put(block),
            // No caller waits for it: the next one that does gets the error itself.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no keys made ahead");
            }
        }
        drop(turn);
    }

    /// Makes `count` keys and stores them; they leave this function only when they are durable. A crash
    /// (or a caller that goes away) in between leaves rows that seal nothing.
    async fn make_block(&self, count: usize) -> Result<Vec<PersonKey>, KeysError> {
        let stored = self.store_block(count).await;
        if stored.is_err() {
            self.0.stock.note_failure();
        }
        stored
    }

    async fn store_block(&self, count: usize) -> Result<Vec<PersonKey>, KeysError> {
        let (pool, now) = (self.pool()?, self.0.clock.now());
        let mut keys = Vec::with_capacity(count);
        let mut wrapped = Vec::with_capacity(count);
        for _ in 0..count {
            let key = PersonKey::new(new_id(now)?, random_secret()?);
            wrapped.push(WrappedKey { id: key.id(), wrapped: self.0.master.wrap(&key)? });
            keys.push(key);
        }
        rows::insert_block(pool, &wrapped, now).await?;
        Ok(keys)
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore").field("id", &self.0.id).finish_non_exhaustive()
    }
}

impl CachedKey {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        // A clock that was set back makes the age negative: not fresh either.
        is_fresh(self.read_at, now)
    }
}

/// Whether what was read then may still be answered from memory.
pub(super) fn is_fresh(read_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..CACHED_FOR).contains(&(now - read_at))
}

/// A `UUIDv7`: ids of one block lie side by side in the index, so that a block touches few pages.
fn new_id(now: DateTime<Utc>) -> Result<KeyId, KeysError> {
    let millis = since_1970(now.timestamp_millis());
    let id = Builder::from_unix_timestamp_millis(millis, &random()?).into_uuid();
    Ok(KeyId(id))
}
