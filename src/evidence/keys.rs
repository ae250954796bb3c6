//! The keys that sign checkpoints: the first, named by the journal's settings, and those that events of
//! the log have introduced since, each signed by the one before, or by the recovery key that the one before had
//! named ([`super::recovery`]).

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sira_domain::retraction::ClearReason;
use sira_evidence::bundle::KeyStatement;
use sira_evidence::key_chain::{ChainFault, KeyChain, KeyStep};
use sira_evidence::{
    Algorithm, Checkpoint, Introduction, NamedRecoveryKey, Note, NoteKey, VerifierKey,
};
use sira_numbers::{Position, Version};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::EvidenceError;
use super::follower::Follower;
use super::recovery::{self, RECOVERED, RECOVERY_FILE, RECOVERY_NAMED};
use super::remembered::Remembered;
use crate::files::{FileError, read_secret, write_secret};
use crate::journal::{
    AppendOutcome, AppendRequest, Journal, NewEvent, RecordedEvent, StreamId, StreamWrite, sha256,
};

/// The type of the stream that holds the log's own events.
pub const STREAM_TYPE: &str = "evidence";
/// The event that introduces a key.
pub const INTRODUCED: &str = "SigningKeyIntroduced";
/// The types of event that say something of keys, which the log's stream holds and no other.
pub const OWN_EVENTS: [&str; 3] = [INTRODUCED, RECOVERY_NAMED, RECOVERED];
/// The version of its form: 1.0 before a loss could be accepted with it, of which it says nothing.
const INTRODUCED_VERSION: &str = "2.0";
/// The setting that names the first key.
const FIRST_KEY: &str = "evidence_key";
/// The signing key's file in the data directory.
const FILE: &str = "signing.key";
/// Begins the name of a setting that says at which position a journal was restored.
const RESTORED: &str = "restored_at_";
/// A key that is about to be introduced.
pub(super) const NEXT_FILE: &str = "signing.key.next";

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

/// The statement of an event that says something of keys. Each type of event holds one kind of statement.
fn statement_of(event: &RecordedEvent) -> Result<String, EvidenceError> {
    let wrong = |_| EvidenceError::Introduction { position: event.position };
    let payload = event.payload.as_str();
    let (note, form) = match event.event_type.as_str() {
        RECOVERY_NAMED => recovery::named_in(payload).map_err(wrong)?,
        RECOVERED => recovery::recovered_in(payload).map_err(wrong)?,
        _ => {
            let introduced: Introduced = serde_json::from_str(payload).map_err(wrong)?;
            (introduced.note, "sira.key/")
        }
    };
    if note.starts_with(form) {
        return Ok(note);
    }
    Err(EvidenceError::Introduction { position: event.position })
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
    /// The recovery keys that were named, in order; which one stands says [`Self::recovery_key`].
    pub recovery_keys: Vec<NamedRecoveryKey>,
    /// The recovery key that stands.
    standing: Option<VerifierKey>,
}

impl KeyHistory {
    /// A log of which nothing is known but its first key.
    #[must_use]
    pub const fn of_first(first: VerifierKey) -> Self {
        Self { first, introductions: Vec::new(), recovery_keys: Vec::new(), standing: None }
    }

    /// The keys of a journal; none before its first start with evidence.
    ///
    /// # Errors
    /// [`EvidenceError`], `Introduction` and `RecoveryKey` among them.
    pub async fn of(journal: &Journal) -> Result<Option<Self>, EvidenceError> {
        let Some(first) = journal.setting(FIRST_KEY).await? else { return Ok(None) };
        let mut history = Self::of_first(first.parse()?);
        let mut events = Vec::new();
        for event_type in OWN_EVENTS {
            events.extend(journal.read_type(event_type).await?);
        }
        events.sort_by_key(|event| event.position);
        let mut chain = KeyChain::starting_with(history.first.clone());
        for event in events {
            let position = event.position;
            match chain.take(position, &statement_of(&event)?) {
                Ok(KeyStep::Signs(introduction)) => history.introductions.push(introduction),
                Ok(KeyStep::MayRecover(named)) => history.recovery_keys.push(named),
                Err(ChainFault::NotIntroduced) => {
                    return Err(EvidenceError::Introduction { position });
                }
                Err(fault) => return Err(EvidenceError::RecoveryKey { position, source: fault }),
            }
        }
        history.standing = chain.recovery().cloned();
        Ok(Some(history))
    }

    /// The recovery key that may introduce the next signing key, when the present one has named any.
    #[must_use]
    pub const fn recovery_key(&self) -> Option<&VerifierKey> {
        self.standing.as_ref()
    }

    /// What was said of the keys, in order.
    #[must_use]
    pub fn statements(&self) -> Vec<KeyStatement> {
        let told =
            |position: Position, note: &Note| KeyStatement { position, note: note.to_string() };
        let signing = self.introductions.iter().map(|one| told(one.position, &one.note));
        let recovery = self.recovery_keys.iter().map(|one| told(one.position, &one.note));
        let mut all: Vec<_> = signing.chain(recovery).collect();
        all.sort_by_key(|statement| statement.position);
        all
    }

    /// The version of the stream that holds them: an event each.
    pub(super) fn version(&self) -> Version {
        Version::of_count((self.introductions.len() + self.recovery_keys.len()) as u64)
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
/// one, made there, under the name `origin`; none when the journal's key is somewhere else. Beside a first key that is
/// not given lies a recovery key, which the key names in the log.
///
/// First the signing key's file is durable, then the recovery key's, then the journal names the signing key, then an
/// event of the log names the recovery key. A crash anywhere in between leaves files that the next start finds, and
/// goes on from.
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
        finish_files(data_dir, history)?;
    }
    let path = data_dir.join(FILE);
    let found = match given {
        Some(given) => Some(given.parse::<NoteKey>()?),
        None => read_key(&path)?,
    };
    let is_here = found.is_some();
    let key = match found {
        Some(key) => key,
        None if named.is_some() => return Ok(None),
        None => {
            let origin = origin.map_or_else(|| own_origin(journal.id()), str::to_owned);
            make_key(&path, &origin)?
        }
    };
    let is_first_start = named.is_none() && given.is_none();
    let recovery = data_dir.join(RECOVERY_FILE);
    if is_first_start {
        make_key(&recovery, key.verifier().name())?;
    }
    let own = key.verifier().to_string();
    let is_first = journal.set_once(FIRST_KEY, &own).await? == own;
    if is_first_start && !is_first {
        // Another server was first, with a key of its own: what recovers this one recovers nothing.
        std::fs::remove_file(&recovery).map_err(|source| FileError { path: recovery, source })?;
    }
    if !is_here && !is_first {
        return Ok(None);
    }
    recovery::name_what_was_made(journal, data_dir, &key).await?;
    let origin = if is_here { SigningKeyOrigin::Found } else { SigningKeyOrigin::Created(path) };
    Ok(Some((key, origin)))
}

/// Makes a key in a file, durably, or takes the one that a process which did not go on has left there.
pub(super) fn make_key(path: &Path, name: &str) -> Result<NoteKey, EvidenceError> {
    let made = generate_key(name, Algorithm::Ed25519)?;
    Ok(write_secret(path, &made.secret())?.parse()?)
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

pub(super) fn read_key(path: &Path) -> Result<Option<NoteKey>, EvidenceError> {
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
    refuse_loss(&lost_since(journal, data_dir, old.verifier().name()).await?)?;
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
    let (signed, restored_at) = lost_since(journal, data_dir, old.verifier().name()).await?;
    // The journal may have been put back to before a rotation: the key that it names lies aside.
    let named = KeyHistory::of(journal).await?.map(|history| history.current().clone());
    let kept = match named.filter(|named| *named != old.verifier()) {
        Some(named) => read_key(&set_aside(&data_dir.join(FILE), &named))?
            .filter(|key| key.verifier() == named),
        None => None,
    };
    let old = kept.as_ref().unwrap_or(old);
    if signed.is_none() && restored_at.is_none() {
        return Err(EvidenceError::NothingLost);
    }
    let lost_note = signed.clone();
    let loss = Loss { signed: signed.map(|note| note.to_string()), restored_at, reason };
    let key = introduce(journal, data_dir, old, Some(loss), metadata, now).await?;
    // A crash before this leaves the old key's mark, which the new key does not bear out either: that its loss was
    // accepted is read from the log before the next signing.
    lay_aside(data_dir, lost_note.as_ref())?;
    Ok(key)
}

/// Lays the mark aside, once the log says what was lost.
pub(super) fn lay_aside(data_dir: &Path, lost: Option<&Note>) -> Result<(), EvidenceError> {
    let Some(lost) = lost else { return Ok(()) };
    let lost: Checkpoint = lost.text.parse()?;
    Remembered::in_directory(data_dir).lay_aside(lost.size)
}

/// Introduces a key.
///
/// First the new key is durable in its own file, then the event is appended, together with one by which the new
/// key names the recovery key that stands, then the files change names. A crash before the append leaves a key that
/// nothing names, which the next rotation takes; a crash after it is finished by the next start
/// ([`load_or_create_key`]).
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
    let next = make_key(&path, before.name())?;
    let text = Introduction::statement(&before, &next.verifier());
    let note = Note { signatures: vec![old.sign(&text, now)], text };
    let introduced = Introduced { note: note.to_string(), lost };
    let mut events = vec![own_event(INTRODUCED, INTRODUCED_VERSION, &introduced, &metadata)];
    // A recovery key stands for the key that named it: the new one takes it over, in the same commit.
    let taken_over = history.recovery_key();
    events.extend(taken_over.map(|key| recovery::naming(&next, key, now, &metadata)));
    append(journal, history.version(), events).await?;
    finish(journal, data_dir).await?;
    Ok(next.verifier())
}

/// Gives the files their places, once the journal names the keys in them.
pub(super) async fn finish(journal: &Journal, data_dir: &Path) -> Result<(), EvidenceError> {
    match KeyHistory::of(journal).await? {
        Some(history) => finish_files(data_dir, &history),
        None => Ok(()),
    }
}

/// An event of the log's own stream.
pub(super) fn own_event(
    event_type: &'static str,
    version: &'static str,
    payload: &impl Serialize,
    metadata: &str,
) -> NewEvent {
    NewEvent {
        event_type: event_type.into(),
        event_version: version.into(),
        payload: serde_json::to_string(payload)
            .unwrap_or_else(|_| unreachable!("texts and numbers always serialise")),
        metadata: metadata.to_owned(),
    }
}

/// Refuses to go on as if nothing were lost.
pub(super) fn refuse_loss(
    (signed, restored): &(Option<Note>, Option<u64>),
) -> Result<(), EvidenceError> {
    if let Some(note) = signed {
        let size = note.text.parse::<Checkpoint>()?.size;
        return Err(EvidenceError::Rollback { size });
    }
    match restored {
        Some(size) => Err(EvidenceError::Restored { size: *size }),
        None => Ok(()),
    }
}

/// What the journal does not hold of what was signed: the remembered checkpoint that it does not bear out, and
/// the position at which it was restored, when no key was introduced since.
pub(super) async fn lost_since(
    journal: &Journal,
    data_dir: &Path,
    origin: &str,
) -> Result<(Option<Note>, Option<u64>), EvidenceError> {
    let restored = match KeyHistory::of(journal).await? {
        Some(history) => held_back(journal, &history).await?,
        None => None,
    };
    let mark = Remembered::in_directory(data_dir).note(origin)?;
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
    let mut events = journal.read_type(INTRODUCED).await?;
    events.extend(journal.read_type(RECOVERED).await?);
    events.sort_by_key(|event| event.position);
    let read = |event: &RecordedEvent| {
        let lost = match event.event_type.as_str() {
            RECOVERED => recovery::loss_in(&event.payload)?,
            _ => serde_json::from_str::<Introduced>(&event.payload).ok()?.lost?,
        };
        Some((event.position, lost))
    };
    Ok(events.iter().filter_map(read).collect())
}

/// Appends to the log's own stream, all or nothing.
///
/// # Errors
/// [`EvidenceError::Outpaced`] when the stream is not as it was read.
pub(super) async fn append(
    journal: &Journal,
    expected_version: Version,
    events: Vec<NewEvent>,
) -> Result<(), EvidenceError> {
    // One stream a journal: its id is derived from the journal's.
    let id = sha256(journal.id().as_bytes()).first_chunk::<16>().copied().unwrap_or_default();
    let stream = StreamId::new(STREAM_TYPE, uuid::Builder::from_random_bytes(id).into_uuid());
    let write = StreamWrite { stream, expected_version, events };
    let request = AppendRequest { writes: vec![write], ..AppendRequest::default() };
    match journal.append(request).await? {
        AppendOutcome::Committed(_) => Ok(()),
        _ => Err(EvidenceError::Outpaced),
    }
}

/// Gives each new key its place once the journal names it; the one before stays beside it.
pub(super) fn finish_files(data_dir: &Path, history: &KeyHistory) -> Result<(), EvidenceError> {
    take_place(data_dir, (FILE, NEXT_FILE), Some(history.current()))?;
    let files = (RECOVERY_FILE, recovery::NEXT_RECOVERY_FILE);
    take_place(data_dir, files, history.recovery_key())
}

/// First the key before is laid aside, then the next one takes its place: a crash in between leaves the next one
/// where it was, and the next start goes on.
fn take_place(
    data_dir: &Path,
    (file, next): (&str, &str),
    named: Option<&VerifierKey>,
) -> Result<(), EvidenceError> {
    let (path, next) = (data_dir.join(file), data_dir.join(next));
    let Some(key) = read_key(&next)? else { return Ok(()) };
    if Some(&key.verifier()) != named {
        return Ok(());
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| EvidenceError::File(FileError { path, source })
    };
    if let Some(old) = read_key(&path)? {
        let kept = set_aside(&path, &old.verifier());
        std::fs::rename(&path, &kept).map_err(failed(&path))?;
    }
    std::fs::rename(&next, &path).map_err(failed(&next))
}

/// Where a key lies once another was introduced.
fn set_aside(path: &Path, key: &VerifierKey) -> PathBuf {
    let id = u32::from_be_bytes(key.id());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{id:08x}"));
    path.with_file_name(name)
}
