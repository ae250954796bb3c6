//! What a key has signed last, kept beside the key: a database that was put back to an older state must
//! not make it sign another history of the same sizes.

use std::path::{Path, PathBuf};

use super::EvidenceError;
use crate::files::{FileError, replace_own};
use sira_evidence::Checkpoint;
use sira_evidence::Note;

/// The file's name in the data directory.
const FILE: &str = "signing.last";

/// The file that remembers.
#[derive(Clone, Debug)]
pub struct Remembered {
    path: PathBuf,
}

impl Remembered {
    /// In a data directory.
    #[must_use]
    pub fn in_directory(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE) }
    }

    /// The last checkpoint of a log that was signed or seen from here, by whichever of its keys.
    ///
    /// # Errors
    /// [`EvidenceError::File`], or `Note` and `Checkpoint` for a file that is none.
    pub fn last(&self, origin: &str) -> Result<Option<Checkpoint>, EvidenceError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let checkpoint: Checkpoint = text.parse::<Note>()?.text.parse()?;
        Ok(Some(checkpoint).filter(|checkpoint| checkpoint.origin == origin))
    }

    /// Remembers a checkpoint, durably. It is stored already: a crash in between forgets that one alone.
    ///
    /// # Errors
    /// [`EvidenceError::File`].
    pub fn remember(&self, note: &Note) -> Result<(), EvidenceError> {
        Ok(replace_own(&self.path, note.to_string().as_bytes())?)
    }

    /// Lays aside what is remembered, when a new key is introduced after a loss: it stays beside, for
    /// whoever wants to see what was lost.
    ///
    /// # Errors
    /// [`EvidenceError::File`].
    pub fn lay_aside(&self, size: u64) -> Result<(), EvidenceError> {
        let aside = self.path.with_extension(format!("last.{size}"));
        match std::fs::rename(&self.path, aside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, source: std::io::Error) -> EvidenceError {
        FileError { path: self.path.clone(), source }.into()
    }
}
