//! The statement by which a log's key introduces the next one. That of a recovery key, and the order of all,
//! stand in [`key_chain`](crate::key_chain).

use sira_numbers::Position;

use crate::note::{Note, VerifierKey};

/// The first line of what the old key signs.
const STATEMENT_FORM: &str = "sira.key/v1";

/// Which key introduced another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introducer {
    /// The signing key before it.
    KeyBefore,
    /// The recovery key, as the signing key was lost.
    RecoveryKey,
}

/// A key that an event introduced.
#[derive(Clone, Debug)]
pub struct Introduction {
    /// Where the event stands: checkpoints of this size and larger are signed by the new key.
    pub position: Position,
    /// The new key.
    pub key: VerifierKey,
    /// Which key introduced it.
    pub by: Introducer,
    /// The statement, signed by the key that introduced it.
    pub note: Note,
}

impl Introduction {
    /// What the key `before` signs to introduce `next`.
    #[must_use]
    pub fn statement(before: &VerifierKey, next: &VerifierKey) -> String {
        format!("{STATEMENT_FORM}\n{before}\n{next}\n")
    }

    /// Reads a statement; none when it is not one, or is not signed by the key before.
    #[must_use]
    pub fn of_note(position: Position, note: &str, before: &VerifierKey) -> Option<Self> {
        let note: Note = note.parse().ok()?;
        let (stated, key) = note.text.trim_end().rsplit_once('\n')?;
        let key: VerifierKey = key.parse().ok()?;
        let is_ours = stated == format!("{STATEMENT_FORM}\n{before}")
            && key.name() == before.name()
            && note.verify(before).is_ok();
        is_ours.then_some(Self { position, key, by: Introducer::KeyBefore, note })
    }
}
