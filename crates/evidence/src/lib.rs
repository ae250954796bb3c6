//! What proves a journal to somebody who has nothing but a verifier key.
//!
//! An event has a canonical entry, whose hash is a [`leaf`] of one Merkle tree ([`merkle`], grown at its
//! edge by [`growth`], published as tiles named by [`tile_path`]). A [`Checkpoint`] says its size and root,
//! and the root of the [`index`] of every stream's last event; it is signed as a [`Note`]. A [`bundle`] is
//! one stream with its proofs, and is checked here by whoever has nothing else.
//!
//! Pure: no runtime, database, file, thread, clock or randomness, here or in what this crate depends on,
//! so that the same check runs in a browser.

pub mod bundle;
mod checkpoint;
pub mod encoding;
pub mod growth;
pub mod index;
mod introduction;
pub mod key_chain;
pub mod leaf;
pub mod merkle;
mod note;
mod recorded_event;
pub mod tile_path;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use introduction::{Introducer, Introduction};
pub use key_chain::{ChainFault, KeyChain, KeyStep, NamedRecoveryKey};
pub use leaf::{LeafEntry, UnfitField};
pub use note::{Algorithm, NOTE_MAX_BYTES, Note, NoteError, NoteKey, SignatureLine, VerifierKey};
pub use recorded_event::{RecordedEvent, StreamId};
