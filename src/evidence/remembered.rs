//! What a key has signed last, kept beside the key: a database that was put back to an older state must
//! not make it sign another history of the same sizes.

use std::path::{Path, PathBuf};

use super::EvidenceError;
use super::checkpoint::Checkpoint;
use super::note::{Note, VerifierKey};
use crate::files::FileError;

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

    /// The last checkpoint that a key has signed from here; none for another key.
    ///
    /// # Errors
    /// [`EvidenceError::File`], or `Note` and `Checkpoint` for a file that is none.
    pub fn last(&self, key: &VerifierKey) -> Result<Option<Checkpoint>, EvidenceError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let note: Note = text.parse()?;
        if note.verify(key).is_err() {
            return Ok(None);
        }
        Ok(Some(note.text.parse()?))
    }

    /// Remembers a checkpoint: written beside the file and moved over it. It is not forced to disk; a
    /// machine that loses power forgets some seconds, and what it guards against is a restored backup.
    ///
    /// # Errors
    /// [`EvidenceError::File`].
    pub fn remember(&self, note: &Note) -> Result<(), EvidenceError> {
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let written = std::fs::write(&draft, note.to_string());
        written.and_then(|()| std::fs::rename(&draft, &self.path)).map_err(|e| self.failed(e))
    }

    fn failed(&self, source: std::io::Error) -> EvidenceError {
        FileError { path: self.path.clone(), source }.into()
    }
}
