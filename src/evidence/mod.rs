//! Evidence: a Merkle tree over every event, signed, and what is proved from it.
//!
//! The way of a proof: an event's leaf hash is stored at append ([`sira_evidence::leaf`]); the `keeper` of one
//! process at a time grows the tree ([`growth`]) and the stream index ([`index`]), stores its tiles and
//! signs a [`Checkpoint`] as a [`Note`]; [`Evidence`] gives proofs out of them; a [`bundle`] holds one
//! stream with its proofs, to be checked by whoever has nothing else; [`verify`] checks a whole journal.
//! Why it is so: `docs/decisions/0012-evidence.md`.

mod bundling;
mod config;
mod follower;
mod keeper;
mod keys;
mod log;
mod recovery;
mod remembered;
mod saved_tree;
pub mod second_reader;
mod signed_tree;
mod store;
mod tile_files;
pub mod verify;
pub mod witness;

pub use config::{EvidenceConfig, EvidenceConfigError};
pub use keeper::{Keeper, KeeperConfig};
pub use keys::{
    KeyHistory, Loss, SigningKeyOrigin, accept_loss, accepted_losses, generate_key, hold_back,
    load_or_create_key, rotate,
};
pub use log::{Evidence, Inclusion};
pub use recovery::{RECOVERY_FILE, RecoveredKeys, RecoveryOrder, name_recovery_key, recover};
pub use signed_tree::{SignedTree, Witnesses};
pub use sira_evidence::{
    Algorithm, ChainFault, Checkpoint, CheckpointError, Introducer, Introduction, KeyChain,
    NamedRecoveryKey, Note, NoteError, NoteKey, SignatureLine, VerifierKey, bundle, encoding,
    growth, index, key_chain, merkle, tile_path,
};
pub use store::{StoredCheckpoint, newest as newest_checkpoint};
pub use tile_files::{TilesExported, export_tiles};

use sira_numbers::{Position, Sequence};

use crate::files::FileError;
use crate::journal::{JournalError, StreamId};

/// What goes wrong with evidence.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] JournalError),
    /// The tables of the evidence cannot be read or written.
    #[error("the tables of the evidence cannot be read or written")]
    Database(#[from] sqlx::Error),
    /// An event is missing.
    #[error("the event at position {position} is missing")]
    Damaged {
        /// Where.
        position: Position,
    },
    /// An event does not follow in its stream: it stands where another one does, or after a hole. Nothing is
    /// signed from there on.
    #[error(
        "the event at position {position} is number {sequence} of {stream}, whose last one was {last}"
    )]
    Sequence {
        /// Where it stands in the journal.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// Its place there.
        sequence: Sequence,
        /// The place of the stream's event before it.
        last: Sequence,
    },
    /// A stored checkpoint is not that of the events.
    #[error("the checkpoint of size {size} is not that of the journal's events")]
    Contradiction {
        /// Which.
        size: u64,
    },
    /// The journal lacks, or has otherwise, what this key has signed before: a restored backup, or
    /// another journal. Nothing is signed.
    #[error(
        "this key has signed {size} events, which this journal does not hold as they were: put back the newest \
         journal, or accept the loss (`sira evidence accept-loss`)"
    )]
    Rollback {
        /// The largest checkpoint that the key has signed.
        size: u64,
    },
    /// The journal was restored from a backup, which may lack what was signed since: a new key has to be
    /// introduced before anything is signed.
    #[error(
        "this journal was restored at position {size}: accept what is lost (`sira evidence accept-loss`)"
    )]
    Restored {
        /// The last position that was restored.
        size: u64,
    },
    /// A loss is to be accepted, and there is none.
    #[error("nothing is lost: the journal holds what its key has signed")]
    NothingLost,
    /// The signing key is not the one that the journal names.
    #[error("the signing key is not the one that this journal names: {expected}")]
    OtherKey {
        /// The verifier key that the journal names.
        expected: String,
    },
    /// No checkpoint is published yet, or none that covers what is asked.
    #[error("no checkpoint covers this yet")]
    NotCovered,
    /// A tile is not there.
    #[error("tile {index} of level {level} is missing")]
    TileMissing {
        /// Level.
        level: u32,
        /// Index.
        index: u64,
    },
    /// A note or key is none.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A checkpoint is none.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An event that introduces a key is not signed by the key before.
    #[error(
        "the event at position {position} introduces a key without the signature of the one before"
    )]
    Introduction {
        /// Where.
        position: Position,
    },
    /// An event introduces a key by a recovery key that the key before has not named, or no longer.
    #[error(
        "the event at position {position} introduces a key by a recovery key that does not stand"
    )]
    RecoveryKey {
        /// Where.
        position: Position,
        /// Why it does not.
        #[source]
        source: ChainFault,
    },
    /// The log names no recovery key.
    #[error("the log names no recovery key: a signing key that is lost cannot be replaced")]
    NoRecoveryKey,
    /// The recovery key is not the one that the log names.
    #[error("this is not the recovery key that the log names")]
    UnknownRecoveryKey,
    /// Another recovery key was named in the place of this one.
    #[error("this recovery key was replaced, or used already: the log names another")]
    ReplacedRecoveryKey,
    /// What was exported before is of another history than the journal, or newer than it.
    #[error("{} is of another history than this journal, or newer", path.display())]
    OtherTiles {
        /// The file.
        path: std::path::PathBuf,
    },
    /// Another process has written to the log's own stream.
    #[error("another process has changed the log's keys just now: look, and try again")]
    Outpaced,
}
