//! A signed checkpoint, with what proofs are made of at its size.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::follower::Follower;
use super::store::StoredCheckpoint;
use super::{EvidenceError, NoteError};
use sira_evidence::Checkpoint;
use sira_evidence::index::StreamIndex;
use sira_evidence::merkle::Hash;
use sira_evidence::{Note, VerifierKey};

/// Whose cosignatures are taken, and how many a checkpoint needs before it is published.
#[derive(Clone, Debug, Default)]
pub struct Witnesses {
    /// The witnesses' keys.
    pub keys: Vec<VerifierKey>,
    /// How many of them must have signed; 0 publishes at once.
    pub quorum: usize,
}

impl Witnesses {
    /// The witness of a signature.
    #[must_use]
    pub fn find(&self, name: &str, id: [u8; 4]) -> Option<&VerifierKey> {
        self.keys.iter().find(|key| key.name() == name && key.id() == id)
    }

    /// The witnesses' keys as text, which is what their cosignatures are kept under.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }
}

/// A checkpoint with its tree.
#[derive(Clone, Debug)]
pub struct SignedTree {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// As the log signed it.
    pub note: Note,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// The tiles at the right edge, by level.
    pub edge: Vec<Vec<Hash>>,
    /// The last event of every stream at that size.
    pub streams: StreamIndex,
}

impl SignedTree {
    /// A stored checkpoint with the tree that was followed to its size, once they agree.
    ///
    /// # Errors
    /// [`EvidenceError::Contradiction`] when they do not.
    pub(super) fn new(
        stored: &StoredCheckpoint,
        follower: &Follower,
    ) -> Result<Arc<Self>, EvidenceError> {
        let note: Note = stored.note.parse().map_err(|error: NoteError| error)?;
        let checkpoint: Checkpoint = note.text.parse()?;
        let agree = checkpoint.size == follower.size()
            && checkpoint.root == follower.growth.root()
            && checkpoint.streams == Some(follower.streams.root());
        if !agree {
            return Err(EvidenceError::Contradiction { size: stored.size });
        }
        Ok(Arc::new(Self {
            checkpoint,
            note,
            signed_at: stored.signed_at,
            edge: follower.growth.edge().to_vec(),
            streams: follower.streams.clone(),
        }))
    }
}
