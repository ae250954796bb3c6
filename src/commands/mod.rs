//! The way of a fact: load the stream, decide, append, answer.
//!
//! [`Commands`] is the one door through which HTTP, the import and the command line write. It keeps
//! the state of recent streams, retries a decision that lost a race, and answers only what is
//! durable. What is right or wrong is said by [`sira_domain`] alone.

mod link;
mod path;
mod call;
mod erase;
mod guards;
mod kinds;
mod own;
mod register;
mod rehearse;
mod draft;
mod cache;

use std::sync::{Arc, OnceLock};

use guards::GuardedStreams;
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use tracing::Instrument;
use uuid::Uuid;

pub use path::alias_of;
pub use call::{Call, ImportMark};
pub(crate) use erase::erased_keys;
pub use own::Own;
pub use rehearse::Rehearsal;
pub(crate) use draft::seal_identity;
pub use draft::{FormError, read_form_error, seal_context};
use cache::Evict;
pub(crate) use cache::new_event;
pub use cache::{Loaded, Stream, StreamStore, present_payload, read_event, stream_id};

use crate::clock::Clock;
use crate::documents::{DocumentError, DocumentStore};
use crate::journal::{
    AppendOutcome, AppendRequest, Committed, Foreign, Freshness, GuardRefusal, Journal,
    JournalError, KeyLookup, StoredAnswer, StreamId,
};
use crate::keys::{KeyStore, KeysError};
use crate::read_side::{Duplicate, DuplicateFinder};
use crate::telemetry::spans;

/// How often a decision is taken anew when its stream moved under it, before the caller is told.
/// Each loss means that somebody else won, so this is only reached on a very hot stream.
const ATTEMPTS_MAX: u32 = 32;

/// The door to every stream.
#[derive(Clone)]
pub struct Commands(Arc<Door>);

/// What a [`Commands`] shares: it is cloned several times a request.
pub struct Door {
    journal: Journal,
    keys: KeyStore,
    clock: Clock,
    beneficiaries: Arc<StreamStore<Beneficiary>>,
    programmes: Arc<StreamStore<Programme>>,
    cohorts: Arc<StreamStore<Cohort>>,
    funds: Arc<StreamStore<Fund>>,
    guarded_cohorts: GuardedStreams<Cohort>,
    guarded_funds: GuardedStreams<Fund>,
    duplicates: OnceLock<DuplicateFinder>,
    documents: OnceLock<DocumentStore>,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Answer {
    /// The stream's id.
    pub id: Uuid,
    /// The beneficiary's reference, when the command gave or needed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The stream's version after the command: the sequence of its last event.
    pub version: u64,
    /// The position in the journal of the command's last event.
    pub position: u64,
    /// Types of the events appended.
    pub events: Vec<String>,
    /// Whether it had already happened, so that nothing was appended.
    pub already_done: bool,
    /// Paths that may be the same person's, when the command told who somebody is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// Whether this is the answer of an earlier request with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

/// Why a command was not carried out. Nothing has been appended in any of these cases but
/// [`JournalError::InDoubt`].
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The body does not have the command's form.
    #[error("the body is not valid: {0}")]
    Form(#[from] FormError),
    /// A rule forbids it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// There is no such stream, or it is out of the caller's reach.
    #[error("no such stream")]
    NotFound,
    /// The caller's role or scope does not reach this stream.
    #[error("out of the caller's scope")]
    OutOfScope,
    /// No command has this word.
    #[error("no such command")]
    NoSuchCommand,
    /// The caller named a version that is not the current one.
    #[error("the version is {current}, not {expected}")]
    PreconditionFailed {
        /// The version that the caller named.
        expected: u64,
        /// The version that stands.
        current: u64,
    },
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The stream kept moving.
    #[error("the stream moved {0} times while the decision was taken")]
    Contended(u32),
    /// The person's key is not in this key store.
    #[error("key {0} is not in this key store")]
    KeyMissing(crate::keys::KeyId),
    /// A stored event cannot be read.
    #[error("event {sequence} of {stream} cannot be read")]
    Unreadable {
        /// The stream.
        stream: StreamId,
        /// The sequence.
        sequence: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The key store failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The document store failed.
    #[error(transparent)]
    Documents(#[from] DocumentError),
}

impl Commands {
    /// Opens the door on a journal and its key store; `cache_bytes` bounds the memory of the states
    /// that are kept, roughly.
    #[must_use]
    pub fn new(journal: Journal, keys: KeyStore, clock: Clock, cache_bytes: u64) -> Self {
        let door = Door {
            keys,
            clock,
            beneficiaries: Arc::new(StreamStore::new(cache_bytes)),
            programmes: Arc::new(StreamStore::new(cache_bytes / 8)),
            cohorts: Arc::new(StreamStore::new(cache_bytes / 8)),
            funds: Arc::new(StreamStore::new(cache_bytes / 8)),
            guarded_cohorts: GuardedStreams::default(),
            guarded_funds: GuardedStreams::default(),
            duplicates: OnceLock::new(),
            documents: OnceLock::new(),
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
        Self(Arc::new(door))
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

    /// Where documents are kept, if anywhere.
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

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A path at its current version: never older than the moment of the call, whichever process
    /// wrote last. `None` when there is none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn current_beneficiary(
        &self,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<Beneficiary>>>, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        self.beneficiary_since(&fresh, id).await
    }

    /// A path as it stood at `fresh` or later: for who has asked the journal already.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn beneficiary_since(
        &self,
        fresh: &Freshness,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<Beneficiary>>>, CommandError> {
        self.since(fresh, &self.0.beneficiaries, id).await
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

    /// A stream at its current version.
    async fn current<S: Stream>(
        &self,
        store: &StreamStore<S>,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<S>>>, CommandError> {
        let fresh = self.0.journal.freshness().await?;
        self.since(&fresh, store, id).await
    }

    /// A stream as it stood at `_fresh` or later: the proof that the journal was asked. Until then the
    /// store may hold what another process has outdated.
    async fn since<S: Stream>(
        &self,
        _fresh: &Freshness,
        store: &StreamStore<S>,
        id: Uuid,
    ) -> Result<Option<Arc<Loaded<S>>>, CommandError> {
        // What other processes wrote is evicted by now. What this one wrote may be committed and not
        // yet kept, when its command is still on its way to the cache.
        let known = self.0.journal.known_version(&stream_id::<S>(id));
        match store.load(&self.0.journal, id).await? {
            Some(loaded) if loaded.state.version() < known => {
                store.catch_up(&self.0.journal, id, &loaded).await.map(Some)
            }
            loaded => Ok(loaded),
        }
    }

    /// The answer that an idempotency key already has, if any.
    async fn answered(&self, call: &Call) -> Result<Option<Answer>, CommandError> {
        let Some(key) = &call.key else { return Ok(None) };
        match self.0.journal.find_answer(key).await? {
            None => Ok(None),
            Some(KeyLookup::OtherBody) => Err(CommandError::KeyReused),
            Some(KeyLookup::Answer(stored)) => replayed(&stored).map(Some),
        }
    }

    /// Hands a request to the journal and says what became of it.
    async fn append(&self, request: AppendRequest) -> Result<Appended, CommandError> {
        // Nothing is durable before this call; after it the events, the key and the alias are, all
        // or none. A crash before its answer leaves a command that is stored and not acknowledged:
        // the client's retry, by its idempotency key or because the command has already happened,
        // gets this answer and no second effect.
        match self.0.journal.append(request).instrument(spans::append()).await? {
            AppendOutcome::Committed(committed) => Ok(Appended::Committed(committed)),
            AppendOutcome::Stale { .. } | AppendOutcome::AliasTaken => Ok(Appended::Moved),
            AppendOutcome::Replayed(stored) => replayed(&stored).map(Appended::Answered),
            AppendOutcome::KeyReused => Err(CommandError::KeyReused),
            AppendOutcome::Forbidden(refusal) => Ok(Appended::Forbidden(refusal)),
        }
    }
}

/// What became of an append.
enum Appended {
    /// It is durable.
    Committed(Committed),
    /// Its idempotency key has an answer already.
    Answered(Answer),
    /// A stream moved, or the reference is taken: decide anew.
    Moved,
    /// The rules of a fund or a cohort forbid it, as it stands.
    Forbidden(GuardRefusal),
}

fn replayed(stored: &StoredAnswer) -> Result<Answer, CommandError> {
    let answer: Answer =
        serde_json::from_str(&stored.answer).map_err(|_| JournalError::Inconsistent {
            table: "requests",
            id: stored.position.to_string(),
            problem: "the stored answer cannot be read".to_owned(),
        })?;
    let version = if stored.version == 0 { answer.version } else { stored.version };
    Ok(Answer { version, position: stored.position, replayed: true, ..answer })
}

/// What a guard has said: a refusal of the domain, or an event that could not be read.
fn refusal_of(refusal: &GuardRefusal) -> CommandError {
    match refusal.0.downcast_ref::<Refusal>() {
        Some(refusal) => refusal.clone().into(),
        None => CommandError::Journal(JournalError::Inconsistent {
            table: "events",
            id: "(conditional write)".to_owned(),
            problem: refusal.to_string(),
        }),
    }
}

/// A new `UUIDv7` whose time is the clock's.
fn new_id(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, now.timestamp_subsec_nanos()))
}
