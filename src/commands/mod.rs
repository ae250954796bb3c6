//! The way of a fact: load the stream, decide, append, answer.
//!
//! [`Commands`] is the door through which HTTP, the import, retention and the command line give their
//! commands. (Events that no caller commands are few: `docs/ARCHITECTURE.md` names who else appends.) Every
//! command goes the same way (`pipeline`), on streams that are all handled through one port
//! ([`Aggregate`]). What is right or wrong is said by [`sira_domain`] alone, and what is written is
//! read back by [`crate::stored`].

mod aggregate;
mod answer;
mod cache;
mod call;
mod candidates;
mod erase;
mod error;
pub mod form;
mod guards;
mod link;
mod lottery;
mod named;
mod path;
mod pipeline;
mod places;
mod register;
mod staff;
mod stage;
mod sweep;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use sira_domain::cohort::{self, Cohort};
use sira_domain::fund::{self, Fund};
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use sira_numbers::since_1970;
use uuid::Uuid;

pub use aggregate::{Aggregate, AllowedCommand, Parsed, stream_id};
pub use answer::Answer;
use cache::Evict;
pub use cache::{Loaded, StreamCache};
pub use call::{Call, ImportMark};
pub(crate) use erase::{erased_keys, read_erasures};
pub use error::CommandError;
pub use form::{FieldError, FormErrors, FormRule};
pub use guards::GuardedStreams;
pub(crate) use link::reaches_beyond_one_path;
pub use path::{Rehearsal, SealFault, alias_of, check_form};
pub(crate) use pipeline::in_task;
pub use register::REGISTER_COMMANDS;
pub use stage::{Together, TogetherOutcome};

use crate::clock::Clock;
use crate::documents::DocumentStore;
use crate::journal::{Foreign, Freshness, Journal};
use crate::keys::KeyStore;
use crate::read_side::DuplicateFinder;

/// The door to every stream; with a stage where commands stand together.
#[derive(Clone)]
pub struct Commands(Arc<Door>, Option<Arc<stage::Stage>>);

/// The stores and caches behind a [`Commands`], which is cloned several times a request.
pub struct Door {
    journal: Journal,
    keys: KeyStore,
    clock: Clock,
    beneficiaries: Arc<StreamCache<Beneficiary>>,
    programmes: Arc<StreamCache<Programme>>,
    cohorts: Arc<StreamCache<Cohort>>,
    funds: Arc<StreamCache<Fund>>,
    guarded_cohorts: GuardedStreams<Cohort>,
    guarded_funds: GuardedStreams<Fund>,
    duplicates: OnceLock<DuplicateFinder>,
    documents: OnceLock<DocumentStore>,
    /// Whether a second name was met that leads to a stream without it.
    misnamed: AtomicBool,
}

impl Commands {
    /// Opens the door on a journal and its key store; `cache_bytes` bounds the memory of the states
    /// that are kept, roughly.
    #[must_use]
    pub fn new(journal: Journal, keys: KeyStore, clock: Clock, cache_bytes: u64) -> Self {
        let door = Door {
            keys,
            clock,
            beneficiaries: Arc::new(StreamCache::new(cache_bytes)),
            programmes: Arc::new(StreamCache::new(cache_bytes / 8)),
            cohorts: Arc::new(StreamCache::new(cache_bytes / 8)),
            funds: Arc::new(StreamCache::new(cache_bytes / 8)),
            guarded_cohorts: GuardedStreams::judged_by(cohort::lawful),
            guarded_funds: GuardedStreams::judged_by(fund::lawful),
            duplicates: OnceLock::new(),
            documents: OnceLock::new(),
            misnamed: AtomicBool::new(false),
            journal,
        };
        let stores: [Arc<dyn Evict>; 4] = [
            door.beneficiaries.clone(),
            door.programmes.clone(),
            door.cohorts.clone(),
            door.funds.clone(),
        ];
        door.journal.on_foreign(Box::new(move |foreign| match foreign {
            Foreign::Everything => stores.iter().for_each(|store| store.clear()),
            Foreign::Streams(streams) => {
                for stream in streams {
                    for store in &stores {
                        store.evict(&stream);
                    }
                }
            }
        }));
        Self(Arc::new(door), None)
    }

    /// From now on a registration is answered with its likely duplicates, as this finder knows them.
    /// Only the first finder counts.
    #[must_use]
    pub fn proposing(self, finder: DuplicateFinder) -> Self {
        // A second one is dropped.
        let _ = self.0.duplicates.set(finder);
        self
    }

    /// From now on documents are kept here, and removed from here when their person is erased. Only
    /// the first store counts.
    #[must_use]
    pub fn keeping(self, documents: DocumentStore) -> Self {
        // A second one is dropped.
        let _ = self.0.documents.set(documents);
        self
    }

    /// The store of documents; none when they are not kept here.
    #[must_use]
    pub fn documents(&self) -> Option<&DocumentStore> {
        self.0.documents.get()
    }

    /// The journal behind the door.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// The key store behind the door.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.0.keys
    }

    /// The clock that facts are timed by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A programme as this process knows it: as it stood when the journal was last asked. For what an
    /// append guards, or a read has just asked for.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn known_programme(&self, id: Uuid) -> Result<Arc<Programme>, CommandError> {
        let loaded = self.0.programmes.load(&self.0.journal, id).await?;
        Ok(loaded.map(|loaded| loaded.state.clone()).unwrap_or_default())
    }

    /// A stream at its current version: never older than the moment of the call, whichever process
    /// wrote last. `None` when there is none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn current<A: Aggregate>(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<A>>>, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        self.since(&fresh, id).await
    }

    /// A stream as it stood at `_fresh` or later, for those who have asked the journal already: it is
    /// the proof that they have. Until then the cache may hold what another process has outdated.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn since<A: Aggregate>(
        &self,
        _fresh: &Freshness,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<A>>>, CommandError> {
        // What other processes wrote is evicted by now. What this one wrote may be committed and not
        // yet kept, when its command is still on its way to the cache.
        let known = self.0.journal.known_version(&stream_id::<A>(id));
        let cache = A::cache(&self.0);
        match cache.load(&self.0.journal, id).await? {
            Some(loaded) if loaded.state.version() < known => {
                cache.catch_up(&self.0.journal, id, &loaded).await.map(Some)
            }
            loaded => Ok(loaded),
        }
    }
}

/// A new `UUIDv7` whose time is the clock's.
pub(crate) fn new_id(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = since_1970(now.timestamp());
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos()))
}
