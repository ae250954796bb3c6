//! An evidence bundle: one stream as it is stored, with everything that proves it to somebody who has
//! nothing but a verifier key.
//!
//! What is proved: that each event is in the log that the key signs, unchanged and at its position; that
//! the stream's sequences have no gap; and that the log, at the checkpoint's size, names the bundle's
//! last event as the stream's last one. The stream index behind that last claim is a function of the
//! log's entries: who replays the journal, or its entries, computes it again (`sira verify`, a witness
//! that audits), so an operator who signs a false one has signed the proof of it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::encoding::decode_all;
use crate::index::{StreamHead, key_of, proved_root};
use crate::key_chain::{ChainFault, KeyChain, KeyStep, introduces, is_by_key};
use crate::leaf::time_text;
use crate::merkle::{Hash, verify_inclusion};
use crate::note::{Algorithm, Note, NoteError, VerifierKey};
use crate::recorded_event::{RecordedEvent, StreamId};

/// The form of a bundle of a log whose keys were each introduced by the one before.
pub const FORM: &str = "sira.bundle/v1";
/// The form of one that a recovery key has introduced a signing key of: its statements are of three kinds, which a
/// reader of the first form alone does not know, and refuses.
pub const RECOVERED_FORM: &str = "sira.bundle/v2";
/// Largest bundle that is looked at: it is held in memory whole by whoever checks it, and a path of thousands
/// of events is far below.
pub const BUNDLE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A bundle, as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What the rest means: [`FORM`] or [`RECOVERED_FORM`].
    pub form: String,
    /// The journal's id.
    pub journal: String,
    /// The kind of the stream.
    pub stream_type: String,
    /// The stream's id.
    pub stream_id: Uuid,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
    /// The verifier key of the log's first signing key. It proves nothing by itself: the reader has to
    /// know it from elsewhere.
    pub key: String,
    /// The statements that introduce later keys, each signed by the key before, in order; in the second form
    /// also those that name recovery keys, and those that a recovery key has signed.
    pub introductions: Vec<KeyStatement>,
    /// That the stream has no further event.
    pub last: LastEvent,
    /// Every event of the stream.
    pub events: Vec<BundledEvent>,
}

/// A statement about a log's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStatement {
    /// Position of its event: checkpoints of this size and larger are signed by the key that it introduces.
    pub position: Position,
    /// A signed note.
    pub note: String,
}

/// The stream's last event in the stream index of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastEvent {
    /// Its sequence.
    pub sequence: Sequence,
    /// The hashes beside the way to the index's root, the lowest first, in base 64.
    pub proof: Vec<String>,
}

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledEvent {
    /// Place in the journal, from 1.
    pub position: Position,
    /// Place in the stream, from 1.
    pub sequence: Sequence,
    /// Type.
    pub event_type: String,
    /// Version of the type's form.
    pub event_version: String,
    /// Time of recording: RFC 3339, six digits, `Z`.
    pub recorded_at: String,
    /// The exact text that was recorded.
    pub payload: String,
    /// The exact text that was recorded.
    pub metadata: String,
    /// The hashes beside the way to the tree's root, the lowest first, in base 64.
    pub proof: Vec<String>,
}

/// What is wrong with one event of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFault {
    /// Its sequence does not follow the one before, or its position comes before.
    Order,
    /// It is not in the log as it stands here: contents, place or proof were changed.
    NotInLog,
}

/// What is wrong with a bundle as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// It is of another form.
    #[error("the bundle is of a form that this program does not know")]
    Form,
    /// A statement that introduces a key is not signed by the key before.
    #[error("a later key of the log was not introduced by the key before")]
    Introduction,
    /// A statement is signed by a recovery key that was not recorded before it, or was replaced.
    #[error("a later key of the log was introduced by a recovery key that does not stand")]
    RecoveryKey,
    /// The key given is none of the log's.
    #[error("the key is none of this log's")]
    OtherKey,
    /// The checkpoint is no signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is of another log than its key.
    #[error("the checkpoint is of another log than the key")]
    OtherLog,
    /// A witness has not signed the checkpoint.
    #[error("the checkpoint is not signed by the witness {0}")]
    Unwitnessed(String),
    /// The stream is not proved to end with the bundle's last event.
    #[error("the stream is not proved to end here: an event may have been left out at its end")]
    Incomplete,
}

/// The verdict on a bundle.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What the checkpoint says, when its signature is right.
    pub checkpoint: Option<Checkpoint>,
    /// What is wrong with the whole.
    pub fault: Option<BundleFault>,
    /// For each event, what is wrong with it.
    pub events: Vec<Option<EventFault>>,
}

impl Verdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.fault.is_none() && self.events.iter().all(Option::is_none)
    }
}

impl Bundle {
    /// The stream's name.
    #[must_use]
    pub fn stream(&self) -> StreamId {
        StreamId::new(self.stream_type.clone(), self.stream_id)
    }

    /// An event as the journal gives it, when its time is one and its leaf can be computed.
    #[must_use]
    pub fn recorded(&self, event: &BundledEvent) -> Option<RecordedEvent> {
        let recorded_at =
            DateTime::parse_from_rfc3339(&event.recorded_at).ok()?.with_timezone(&Utc);
        let mut recorded = RecordedEvent {
            position: event.position,
            stream: self.stream(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            payload: event.payload.clone(),
            metadata: event.metadata.clone(),
            recorded_at,
            leaf_hash: [0; 32],
        };
        // A time has one form; what is shown must be what is proved.
        if time_text(recorded_at) != event.recorded_at {
            return None;
        }
        recorded.leaf_hash = recorded.computed_leaf(&self.journal).ok()?;
        Some(recorded)
    }

    /// Checks everything against a key that the reader knows, the log's first or a later one. Without a
    /// witness the checkpoint may be one that was made for this reader alone.
    #[must_use]
    pub fn verify(&self, key: &VerifierKey) -> Verdict {
        self.verify_witnessed(key, &[])
    }

    /// As [`Self::verify`], and that each of these witnesses has signed the checkpoint.
    #[must_use]
    pub fn verify_witnessed(&self, key: &VerifierKey, witnesses: &[VerifierKey]) -> Verdict {
        let checkpoint = match self.signed_checkpoint(key, witnesses) {
            Ok(checkpoint) => checkpoint,
            Err(fault) => {
                let events = vec![Some(EventFault::NotInLog); self.events.len()];
                return Verdict { checkpoint: None, fault: Some(fault), events };
            }
        };
        let (mut events, mut last) = (Vec::new(), None);
        let mut before = (Sequence::START, Position::START);
        for event in &self.events {
            let follows = event.sequence.since(before.0) == 1 && event.position > before.1;
            before = (event.sequence, event.position);
            let leaf = self.proved_leaf(event, &checkpoint);
            last = leaf.map(|leaf| StreamHead { sequence: event.sequence, leaf });
            events.push(match leaf {
                None => Some(EventFault::NotInLog),
                Some(_) if !follows => Some(EventFault::Order),
                Some(_) => None,
            });
        }
        let fault = (!self.ends_here(last, &checkpoint)).then_some(BundleFault::Incomplete);
        Verdict { checkpoint: Some(checkpoint), fault, events }
    }

    /// The checkpoint, once it is known to be signed by the log's key of its size, and that key to be
    /// the one that the reader knows or one that it has introduced.
    fn signed_checkpoint(
        &self,
        key: &VerifierKey,
        witnesses: &[VerifierKey],
    ) -> Result<Checkpoint, BundleFault> {
        // Each has one form, so that none of it can be changed unseen.
        let is_first_form = self.introductions.iter().all(|one| is_by_key(&one.note));
        if self.form != if is_first_form { FORM } else { RECOVERED_FORM } {
            return Err(BundleFault::Form);
        }
        let note: Note = self.checkpoint.parse()?;
        let checkpoint: Checkpoint = note.text.parse()?;
        if checkpoint.origin != key.name() {
            return Err(BundleFault::OtherLog);
        }
        let known = self.signing_key(key, checkpoint.size)?;
        note.verify(&known)?;
        for witness in witnesses {
            let is_witness = witness.algorithm() == Algorithm::Cosignature;
            if !is_witness || note.verify(witness).is_err() {
                return Err(BundleFault::Unwitnessed(witness.name().to_owned()));
            }
        }
        Ok(checkpoint)
    }

    /// The key that signs a checkpoint of a size: the one that the reader knows, or one that it has led to.
    /// Statements before that key are passed over: nothing rests on them.
    fn signing_key(&self, key: &VerifierKey, size: u64) -> Result<VerifierKey, BundleFault> {
        let first: VerifierKey = self.key.parse()?;
        let (mut chain, mut known) = (KeyChain::starting_with(key.clone()), key.clone());
        let mut is_known = first == *key;
        for KeyStatement { position, note } in &self.introductions {
            match chain.take(*position, note) {
                Ok(KeyStep::Signs(introduction)) => {
                    is_known = true;
                    if position.get() <= size {
                        known = introduction.key;
                    }
                }
                Ok(KeyStep::MayRecover(_)) => is_known = true,
                Err(ChainFault::NotIntroduced) if is_known => {
                    return Err(BundleFault::Introduction);
                }
                Err(_) if is_known => return Err(BundleFault::RecoveryKey),
                Err(_) => is_known = introduces(note, key),
            }
        }
        if is_known { Ok(known) } else { Err(BundleFault::OtherKey) }
    }

    fn proved_leaf(&self, event: &BundledEvent, checkpoint: &Checkpoint) -> Option<Hash> {
        let leaf = self.recorded(event)?.leaf_hash;
        let index = event.position.get().checked_sub(1)?;
        let proof = decode_all(&event.proof)?;
        verify_inclusion(&leaf, index, checkpoint.size, &proof, &checkpoint.root).ok()?;
        Some(leaf)
    }

    fn ends_here(&self, last: Option<StreamHead>, checkpoint: &Checkpoint) -> bool {
        let Some(last) = last.filter(|last| last.sequence == self.last.sequence) else {
            return false;
        };
        let proof = decode_all(&self.last.proof);
        let root = proof.and_then(|proof| proved_root(&key_of(&self.stream()), &last, &proof));
        root.is_some() && root == checkpoint.streams
    }
}
