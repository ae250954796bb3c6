//! The keys that sign checkpoints: the first, named by the journal's settings, and those that events of
//! the log have introduced since, each signed by the one before.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sira_domain::retraction::ClearReason;
use sira_evidence::{Algorithm, Checkpoint, Introduction, Note, NoteKey, VerifierKey};
use sira_numbers::{Position, Version};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::EvidenceError;
use super::follower::Follower;
use super::remembered::Remembered;
use crate::files::{FileError, read_secret, write_secret};
use crate::journal::{
    AppendOutcome, AppendRequest, Journal, NewEvent, RecordedEvent, StreamId, StreamWrite, sha256,
};

/// The type of the stream that holds the log's own events.
pub const STREAM_TYPE: &str = "evidence";
/// The event that introduces a key.
pub const INTRODUCED: &str = "SigningKeyIntroduced";
/// The version of its form: 1.0 before a loss could be accepted with it, of which it says nothing.
const INTRODUCED_VERSION: &str = "2.0";
/// The setting that names the first key.
const FIRST_KEY: &str = "evidence_key";
/// The signing key's file in the data directory.
const FILE: &str = "signing.key";
/// Begins the name of a setting that says at which position a journal was restored.
const RESTORED: &str = "restored_at_";
/// A key that is about to be introduced.
const NEXT_FILE: &str = "signing.key.next";

/// The payload of the event that introduces a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Introduced {
    /// The statement, signed by the key before.
    note: String,
    /// What was lost, where the key is introduced because of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<Loss>,
}

/// A loss that was accepted: the journal does not hold what its key has signed, or may not. It stays in the log
/// for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The newest checkpoint that was signed and that the journal does not bear out, as it was signed; none where
    /// none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// The position at which the journal was restored; none where it was put back by other means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<u64>,
    /// Why it is accepted.
    pub reason: ClearReason,
}

/// Reads the event that introduces the key after `before`, and checks its signature.
///
/// # Errors
/// [`EvidenceError::Introduction`].
pub fn read_introduction(
    event: &RecordedEvent,
    before: &VerifierKey,
) -> Result<Introduction, EvidenceError> {
    let wrong = || EvidenceError::Introduction { position: event.position };
    let payload: Introduced = serde_json::from_str(&event.payload).map_err(|_| wrong())?;
    Introduction::of_note(event.position, &payload.note, before).ok_or_else(wrong)
}

/// Makes a key from the system's randomness.
///
/// # Errors
/// [`EvidenceError::Note`] for a name that is none, [`EvidenceError::NoRandomness`].
pub fn generate_key(name: &str, algorithm: Algorithm) -> Result<NoteKey, EvidenceError> {
    let mut seed = Zeroizing::new([0_u8; 32]);
    getrandom::fill(seed.as_mut()).map_err(|_| EvidenceError::NoRandomness)?;
    Ok(NoteKey::of_seed(name, algorithm, &seed)?)
}

/// Every key of a log.
#[derive(Clone, Debug)]
pub struct KeyHistory {
    /// The first.
    pub first: VerifierKey,
    /// Those that followed, in order.
    pub introductions: Vec<Introduction>,
}

impl KeyHistory {
    /// The keys of a journal; none before its first start with evidence.
    ///
    /// # Errors
    /// [`EvidenceError`], `Introduction` among them.
    pub async fn of(journal: &Journal) -> Result<Option<Self>, EvidenceError> {
        let Some(first) = journal.setting(FIRST_KEY).await? else { return Ok(None) };
        let mut history = Self { first: first.parse()?, introductions: Vec::new() };
        for event in journal.read_type(INTRODUCED).await? {
            let introduction = read_introduction(&event, history.current())?;
            history.introductions.push(introduction);
        }
        Ok(Some(history))
    }

    /// The key that signs now.
    #[must_use]
    pub fn current(&self) -> &VerifierKey {
        self.introductions.last().map_or(&self.first, |introduction| &introduction.key)
    }

    /// The key that signs a checkpoint of a size.
    #[must_use]
    pub fn of_size(&self, size: u64) -> &VerifierKey {
        let by_then = self.introductions.iter().rev().find(|one| one.position.get() <= size);
        by_then.map_or(&self.first, |introduction| &introduction.key)
    }
}

/// Where a signing key came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKeyOrigin {
    /// It was given, or was in its file.
    Found,
    /// It was made just now, in this file.
    Created(PathBuf),
}

/// The signing key that was given, or the one in the data directory. A journal that has no key yet gets
/// one, made there, under the name `origin`; none when the journal's key is somewhere else.
///
/// The key's file is durable before the journal names the key. A crash in between leaves a key that the
/// next start finds and names.
///
/// # Errors
/// [`EvidenceError`].
pub async fn load_or_create_key(
    journal: &Journal,
    data_dir: &Path,
    given: Option<&str>,
    origin: Option<&str>,
) -> Result<Option<(NoteKey, SigningKeyOrigin)>, EvidenceError> {
    let named = KeyHistory::of(journal).await?;
    if let Some(history) = &named {
        finish_rotation(data_dir, history)?;
    }
    let path = data_dir.join(FILE);
    let found = match given {
        Some(given) => Some(given.parse::<NoteKey>()?),
        None => read_key(&path)?,
    };
    if let Some(key) = found {
        journal.set_once(FIRST_KEY, &key.verifier().to_string()).await?;
        return Ok(Some((key, SigningKeyOrigin::Found)));
    }
    if named.is_some() {
        return Ok(None);
    }
    let origin = origin.map_or_else(|| own_origin(journal.id()), str::to_owned);
    let made = generate_key(&origin, Algorithm::Ed25519)?;
    let key: NoteKey = write_secret(&path, &made.secret())?.parse()?;
    let own = key.verifier().to_string();
    let is_first = journal.set_once(FIRST_KEY, &own).await? == own;
    Ok(is_first.then_some((key, SigningKeyOrigin::Created(path))))
}

/// A name that no other log has.
fn own_origin(journal: &str) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("sira/{journal}/{}", &random[..12])
}

/// Says that a journal was restored up to a position: nothing is signed until a new key is introduced.
/// Once said it stays.
///
/// # Errors
/// [`EvidenceError::Journal`].
pub async fn hold_back(journal: &Journal, size: u64) -> Result<(), EvidenceError> {
    journal.set_once(&format!("{RESTORED}{size}"), &size.to_string()).await?;
    Ok(())
}

/// The position at which a journal was restored, when no key was introduced after it.
pub(super) async fn held_back(
    journal: &Journal,
    keys: &KeyHistory,
) -> Result<Option<u64>, EvidenceError> {
    let sizes = journal.settings_like(RESTORED).await?;
    let size = sizes.iter().filter_map(|size| size.parse::<u64>().ok()).max();
    let introduced = keys.introductions.last().map_or(0, |last| last.position.get());
    Ok(size.filter(|size| introduced <= *size))
}

/// The signing key in the data directory.
pub(super) fn key_in(data_dir: &Path) -> Result<Option<NoteKey>, EvidenceError> {
    read_key(&data_dir.join(FILE))
}

fn read_key(path: &Path) -> Result<Option<NoteKey>, EvidenceError> {
    Ok(read_secret(path)?.map(|text| text.parse()).transpose()?)
}

/// Introduces a new key, made in the data directory, by an event that `old` signs. After a loss that is done by
/// [`accept_loss`] alone.
///
/// # Errors
/// [`EvidenceError::OtherKey`] when `old` is not the journal's key, [`EvidenceError::Rollback`] and
/// [`EvidenceError::Restored`] after a loss, and others.
pub async fn rotate(
    journal: &Journal,
    data_dir: &Path,
    old: &NoteKey,
    metadata: String,
    now: DateTime<Utc>,
) -> Result<VerifierKey, EvidenceError> {
    let (signed, restored) = lost_since(journal, data_dir, old).await?;
    if let Some(note) = signed {
        let size = note.text.parse::<Checkpoint>()?.size;
        return Err(EvidenceError::Rollback { size });
    }
    if let Some(size) = restored {
        return Err(EvidenceError::Restored { size });
    }
    introduce(journal, data_dir, old, None, metadata, now).await
}

/// Accepts that the journal does not hold what was signed, or may not, and introduces a new key, which goes on from
/// what there is. The log says so for ever: the event holds the checkpoint that was lost and the reason; and
/// whoever holds an older checkpoint sees the break.
///
/// # Errors
/// [`EvidenceError::NothingLost`] when nothing was; [`EvidenceError::OtherKey`] when `old` is not the journal's
/// key, and others.
pub async fn accept_loss(
    journal: &Journal,
    data_dir: &Path,
    old: &NoteKey,
    (metadata, reason): (String, ClearReason),
    now: DateTime<Utc>,
) -> Result<VerifierKey, EvidenceError> {
    let (signed, restored_at) = lost_since(journal, data_dir, old).await?;
    // The journal may have been put back to before a rotation: the key that it names lies aside.
    let named = KeyHistory::of(journal).await?.map(|history| history.current().clone());
    let kept = match named.filter(|named| *named != old.verifier()) {
        Some(named) => {
            read_key(&set_aside(data_dir, &named))?.filter(|key| key.verifier() == named)
        }
        None => None,
    };
    let old = kept.as_ref().unwrap_or(old);
    if signed.is_none() && restored_at.is_none() {
        return Err(EvidenceError::NothingLost);
    }
    let size = signed.as_ref().map(|note| note.text.parse::<Checkpoint>()).transpose()?;
    let signed = signed.map(|note| note.to_string());
    let loss = Loss { signed, restored_at, reason };
    let key = introduce(journal, data_dir, old, Some(loss), metadata, now).await?;
    if let Some(lost) = size {
        // A crash before this leaves the old key's mark, which the new key does not bear out either: the command
        // is given again, and introduces one more key.
        Remembered::in_directory(data_dir).lay_aside(lost.size)?;
    }
    Ok(key)
}

/// Introduces a key.
///
/// First the new key is durable in its own file, then the event is appended, then the files change
/// names. A crash before the append leaves a key that nothing names, which the next rotation takes; a
/// crash after it is finished by the next start ([`load_or_create_key`]).
///
/// # Errors
/// [`EvidenceError::OtherKey`] when `old` is not the journal's key, and others.
async fn introduce(
    journal: &Journal,
    data_dir: &Path,
    old: &NoteKey,
    lost: Option<Loss>,
    metadata: String,
    now: DateTime<Utc>,
) -> Result<VerifierKey, EvidenceError> {
    let history = KeyHistory::of(journal).await?;
    let before = old.verifier();
    let history = history
        .filter(|history| *history.current() == before)
        .ok_or_else(|| EvidenceError::OtherKey { expected: before.to_string() })?;
    let path = data_dir.join(NEXT_FILE);
    let made = generate_key(before.name(), Algorithm::Ed25519)?;
    let next: NoteKey = write_secret(&path, &made.secret())?.parse()?;
    let text = Introduction::statement(&before, &next.verifier());
    let note = Note { signatures: vec![old.sign(&text, now)], text };
    let payload = serde_json::to_string(&Introduced { note: note.to_string(), lost })
        .unwrap_or_else(|_| unreachable!("a text always serialises"));
    let version = Version::of_count(history.introductions.len() as u64);
    append(journal, version, payload, metadata).await?;
    if let Some(history) = KeyHistory::of(journal).await? {
        finish_rotation(data_dir, &history)?;
    }
    Ok(next.verifier())
}

/// What the journal does not hold of what was signed: the remembered checkpoint that it does not bear out, and
/// the position at which it was restored, when no key was introduced since.
async fn lost_since(
    journal: &Journal,
    data_dir: &Path,
    old: &NoteKey,
) -> Result<(Option<Note>, Option<u64>), EvidenceError> {
    let restored = match KeyHistory::of(journal).await? {
        Some(history) => held_back(journal, &history).await?,
        None => None,
    };
    let mark = Remembered::in_directory(data_dir).note(old.verifier().name())?;
    let Some(note) = mark else { return Ok((None, restored)) };
    let last: Checkpoint = note.text.parse()?;
    let is_held = Follower::default().agrees_with(journal, &last).await?;
    Ok(((!is_held).then_some(note), restored))
}

/// Whether a checkpoint that the journal does not bear out is part of a loss that was accepted: the one that was
/// lost covers as many events, or more.
pub(super) async fn is_accepted(
    journal: &Journal,
    lost: &Checkpoint,
) -> Result<bool, EvidenceError> {
    let covers = |loss: &Loss| {
        let signed: Option<Note> = loss.signed.as_ref()?.parse().ok();
        let signed: Checkpoint = signed?.text.parse().ok()?;
        Some(signed.origin == lost.origin && signed.size >= lost.size)
    };
    let losses = accepted_losses(journal).await?;
    Ok(losses.iter().any(|(_, loss)| covers(loss).unwrap_or_default()))
}

/// The losses that were accepted, each with the position of the event that says so.
///
/// # Errors
/// [`EvidenceError`].
pub async fn accepted_losses(journal: &Journal) -> Result<Vec<(Position, Loss)>, EvidenceError> {
    let events = journal.read_type(INTRODUCED).await?;
    let read = |event: &RecordedEvent| {
        let told: Introduced = serde_json::from_str(&event.payload).ok()?;
        Some((event.position, told.lost?))
    };
    Ok(events.iter().filter_map(read).collect())
}

async fn append(
    journal: &Journal,
    expected_version: Version,
    payload: String,
    metadata: String,
) -> Result<(), EvidenceError> {
    // One stream a journal: its id is derived from the journal's.
    let id = sha256(journal.id().as_bytes()).first_chunk::<16>().copied().unwrap_or_default();
    let event = NewEvent {
        event_type: INTRODUCED.into(),
        event_version: INTRODUCED_VERSION.into(),
        payload,
        metadata,
    };
    let stream = StreamId::new(STREAM_TYPE, uuid::Builder::from_random_bytes(id).into_uuid());
    let write = StreamWrite { stream, expected_version, events: vec![event] };
    let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
    match journal.append(request).await? {
        AppendOutcome::Committed(_) => Ok(()),
        _ => Err(EvidenceError::OtherKey { expected: "a key introduced just now".to_owned() }),
    }
}

/// Gives the new key its place once the journal names it; the old one stays beside it.
fn finish_rotation(data_dir: &Path, history: &KeyHistory) -> Result<(), EvidenceError> {
    let (path, next) = (data_dir.join(FILE), data_dir.join(NEXT_FILE));
    let Some(key) = read_key(&next)? else { return Ok(()) };
    if key.verifier() != *history.current() {
        return Ok(());
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| EvidenceError::File(FileError { path, source })
    };
    if let Some(old) = read_key(&path)? {
        let kept = set_aside(data_dir, &old.verifier());
        std::fs::rename(&path, &kept).map_err(failed(&path))?;
    }
    std::fs::rename(&next, &path).map_err(failed(&next))
}

/// Where a key lies once another was introduced.
fn set_aside(data_dir: &Path, key: &VerifierKey) -> PathBuf {
    data_dir.join(format!("{FILE}.{:08x}", u32::from_be_bytes(key.id())))
}
