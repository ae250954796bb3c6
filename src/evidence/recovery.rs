//! The recovery key: a key that signs nothing day by day, lies off the machine, and names the next signing key
//! when the present one is lost. What it may do is followed in [`sira_evidence::key_chain`]; here it is made, named
//! in the log, and used.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sira_domain::metadata::Metadata;
use sira_domain::retraction::ClearReason;
use sira_domain::role::Role;
use sira_domain::values::ActorId;
use sira_evidence::key_chain::{naming_statement, recovery_statement};
use sira_evidence::{Introducer, Note, NoteKey, VerifierKey};
use uuid::Uuid;

use super::EvidenceError;
use super::keys::{
    KeyHistory, Loss, NEXT_FILE, append, finish, key_in, lay_aside, lost_since, make_key,
    own_event, read_key, refuse_loss,
};
use crate::journal::{Journal, NewEvent};

/// The event that names a recovery key.
pub(super) const RECOVERY_NAMED: &str = "RecoveryKeyNamed";
/// The event by which a recovery key introduces a signing key.
pub(super) const RECOVERED: &str = "SigningKeyRecovered";
/// The version of both forms.
const VERSION: &str = "1.0";
/// The recovery key's file in the data directory, from where it is to be moved off the machine.
pub const RECOVERY_FILE: &str = "signing.recovery";
/// A recovery key that is about to be named.
pub(super) const NEXT_RECOVERY_FILE: &str = "signing.recovery.next";
/// Who names the recovery key that a first start has made: no member of the staff.
const STARTER: &str = "sira";

/// The payload of the event that names a recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryNamed {
    /// The statement, signed by the signing key.
    note: String,
}

/// The payload of the event by which a recovery key introduces a signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovered {
    /// The statement, signed by the recovery key.
    note: String,
    /// Why, in clear.
    reason: ClearReason,
    /// What else was lost, where the journal does not hold what the lost key has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost: Option<Loss>,
}

/// The statement in a payload, and how such a statement begins.
pub(super) fn named_in(payload: &str) -> serde_json::Result<(String, &'static str)> {
    let RecoveryNamed { note } = serde_json::from_str(payload)?;
    Ok((note, "sira.recovery/"))
}

/// The statement in a payload, and how such a statement begins.
pub(super) fn recovered_in(payload: &str) -> serde_json::Result<(String, &'static str)> {
    let Recovered { note, .. } = serde_json::from_str(payload)?;
    Ok((note, "sira.recovered/"))
}

/// The loss that a payload accepts, if any.
pub(super) fn loss_in(payload: &str) -> Option<Loss> {
    serde_json::from_str::<Recovered>(payload).ok()?.lost
}

/// The event by which a signing key names a recovery key.
pub(super) fn naming(
    signing: &NoteKey,
    recovery: &VerifierKey,
    now: DateTime<Utc>,
    metadata: &str,
) -> NewEvent {
    let text = naming_statement(&signing.verifier(), recovery);
    let note = Note { signatures: vec![signing.sign(&text, now)], text };
    own_event(RECOVERY_NAMED, VERSION, &RecoveryNamed { note: note.to_string() }, metadata)
}

/// Names the recovery key that the first start has made, when the log names none and the file is still there: at
/// that start, or at the next one after a crash.
///
/// # Errors
/// [`EvidenceError`].
pub(super) async fn name_what_was_made(
    journal: &Journal,
    data_dir: &Path,
    signing: &NoteKey,
) -> Result<(), EvidenceError> {
    let Some(made) = read_key(&data_dir.join(RECOVERY_FILE))? else { return Ok(()) };
    let Some(history) = KeyHistory::of(journal).await? else { return Ok(()) };
    // Later keys name theirs by `sira evidence recovery-key`: a file of an earlier day means nothing then.
    let is_first = history.first == signing.verifier() && history.introductions.is_empty();
    if !is_first || !history.recovery_keys.is_empty() {
        return Ok(());
    }
    let request = Uuid::now_v7().simple().to_string();
    let starter =
        ActorId::try_new(STARTER).unwrap_or_else(|_| unreachable!("a name of four letters"));
    let metadata = Metadata::new(&starter, Role::Admin, &request, 0).text();
    // An Ed25519 signature holds no time.
    let event = naming(signing, &made.verifier(), DateTime::UNIX_EPOCH, &metadata);
    match append(journal, history.version(), vec![event]).await {
        // Another process with this key has named it meanwhile.
        Err(EvidenceError::Outpaced) => Ok(()),
        named => named,
    }
}

/// Makes a recovery key in the data directory and names it in the log, in the place of the one before, if any.
///
/// First the new key is durable in its own file, then the event is appended, then the files change names. A crash
/// before the append leaves a key that nothing names, which the next try takes; a crash after it is finished by the
/// next start.
///
/// # Errors
/// [`EvidenceError::OtherKey`] when `signing` is not the journal's key, and others.
pub async fn name_recovery_key(
    journal: &Journal,
    data_dir: &Path,
    signing: &NoteKey,
    metadata: &str,
    now: DateTime<Utc>,
) -> Result<VerifierKey, EvidenceError> {
    let own = signing.verifier();
    let history = KeyHistory::of(journal).await?.filter(|history| *history.current() == own);
    let other = || EvidenceError::OtherKey { expected: own.to_string() };
    let history = history.ok_or_else(other)?;
    let made = make_key(&data_dir.join(NEXT_RECOVERY_FILE), own.name())?;
    let event = naming(signing, &made.verifier(), now, metadata);
    append(journal, history.version(), vec![event]).await?;
    finish(journal, data_dir).await?;
    Ok(made.verifier())
}

/// Who orders that the signing key is recovered, and why.
pub struct RecoveryOrder {
    /// The metadata of the event.
    pub metadata: String,
    /// Why, in clear: it stays in the log for ever.
    pub reason: ClearReason,
    /// Whether it is accepted that the journal does not hold what the lost key has signed.
    pub accepts_loss: bool,
}

/// What a recovery has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredKeys {
    /// The key that signs now.
    pub signing: VerifierKey,
    /// The recovery key that stands now.
    pub recovery: VerifierKey,
}

/// Introduces a new signing key in the place of one that is lost, by a statement that the recovery key signs, and
/// names a new recovery key: the one that was used stands no more. Given again after a crash, it goes on from
/// what it finds, and does nothing where all was done.
///
/// First both new keys are durable in files of their own, then both events are appended in one commit, then the
/// files change names, then the mark of what was lost is laid aside. A crash before the append leaves keys that
/// nothing names, which the next try takes; one after it is finished by the next start, and a mark that is left is
/// read against the log before the next signing.
///
/// # Errors
/// [`EvidenceError::NoRecoveryKey`], [`EvidenceError::UnknownRecoveryKey`] and
/// [`EvidenceError::ReplacedRecoveryKey`] for a key that does not stand; [`EvidenceError::Rollback`] and
/// [`EvidenceError::Restored`] after a loss that the order does not accept, [`EvidenceError::NothingLost`] where it
/// accepts one that there is not, and others.
pub async fn recover(
    journal: &Journal,
    data_dir: &Path,
    recovery: &NoteKey,
    order: RecoveryOrder,
    now: DateTime<Utc>,
) -> Result<RecoveredKeys, EvidenceError> {
    finish(journal, data_dir).await?;
    let history = KeyHistory::of(journal).await?.ok_or(EvidenceError::NotCovered)?;
    if let Some(done) = done_before(&history, data_dir, recovery)? {
        return Ok(done);
    }
    check_standing(&history, &recovery.verifier())?;
    let lacking = lost_since(journal, data_dir, history.first.name()).await?;
    let lacks_any = lacking.0.is_some() || lacking.1.is_some();
    if !order.accepts_loss {
        refuse_loss(&lacking)?;
    } else if !lacks_any {
        return Err(EvidenceError::NothingLost);
    }
    let RecoveryOrder { metadata, reason, .. } = order;
    let (signed, restored_at) = lacking;
    let lost = lacks_any.then(|| Loss {
        signed: signed.as_ref().map(ToString::to_string),
        restored_at,
        reason: reason.clone(),
    });
    let name = history.first.name();
    let next = make_key(&data_dir.join(NEXT_FILE), name)?;
    let next_recovery = make_key(&data_dir.join(NEXT_RECOVERY_FILE), name)?;
    let text = recovery_statement(history.current(), &recovery.verifier(), &next.verifier());
    let note = Note { signatures: vec![recovery.sign(&text, now)], text };
    let recovered = Recovered { note: note.to_string(), reason, lost };
    let events = vec![
        own_event(RECOVERED, VERSION, &recovered, &metadata),
        naming(&next, &next_recovery.verifier(), now, &metadata),
    ];
    append(journal, history.version(), events).await?;
    finish(journal, data_dir).await?;
    lay_aside(data_dir, signed.as_ref())?;
    Ok(RecoveredKeys { signing: next.verifier(), recovery: next_recovery.verifier() })
}

/// A recovery key is one that the present signing key has named last.
fn check_standing(history: &KeyHistory, recovery: &VerifierKey) -> Result<(), EvidenceError> {
    if history.recovery_key() == Some(recovery) {
        return Ok(());
    }
    let was_named = history.recovery_keys.iter().any(|named| named.key == *recovery);
    Err(match history.recovery_key() {
        _ if was_named => EvidenceError::ReplacedRecoveryKey,
        Some(_) => EvidenceError::UnknownRecoveryKey,
        None => EvidenceError::NoRecoveryKey,
    })
}

/// What a recovery by this key has made before, when nothing came after it and its keys are here.
fn done_before(
    history: &KeyHistory,
    data_dir: &Path,
    recovery: &NoteKey,
) -> Result<Option<RecoveredKeys>, EvidenceError> {
    let last = history.introductions.last().filter(|last| last.by == Introducer::RecoveryKey);
    let is_its = last.is_some_and(|last| last.note.verify(&recovery.verifier()).is_ok());
    let (true, Some(stands)) = (is_its, history.recovery_key()) else { return Ok(None) };
    let is_here = key_in(data_dir)?.is_some_and(|key| key.verifier() == *history.current());
    let (signing, recovery) = (history.current().clone(), stands.clone());
    Ok(is_here.then_some(RecoveredKeys { signing, recovery }))
}
