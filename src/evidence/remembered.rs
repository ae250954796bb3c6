//! What a key has signed last, kept beside the key: a database that was put back to an older state must
//! not make it sign another history of the same sizes. The mark is written before the signature leaves, and
//! only rises; `accept-loss` lays it aside.

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
        let note = self.note(origin)?;
        Ok(note.map(|note| note.text.parse()).transpose()?)
    }

    fn text(&self) -> Result<Option<String>, EvidenceError> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Raises the mark to a checkpoint, durably; it is never lowered. Before this returns, no signature of that
    /// checkpoint may leave. A crash right after leaves a mark without its signature: the same checkpoint may be
    /// signed then, and no other of its size.
    ///
    /// # Errors
    /// [`EvidenceError::Rollback`] where the mark is beyond it, or of the same size with another root;
    /// [`EvidenceError::File`].
    pub fn raise(&self, origin: &str, note: &Note) -> Result<(), EvidenceError> {
        let checkpoint: Checkpoint = note.text.parse()?;
        // Two processes may share the folder: the lower of two marks must not come last.
        let _held = self.lock()?;
        if let Some(mark) = self.last(origin)? {
            if mark == checkpoint {
                return Ok(());
            }
            if mark.size >= checkpoint.size {
                return Err(EvidenceError::Rollback { size: mark.size });
            }
        }
        Ok(replace_own(&self.path, note.to_string().as_bytes())?)
    }

    /// What stands in the file, as it was signed; none where there is no file, or it is another log's.
    ///
    /// # Errors
    /// As [`Remembered::last`].
    pub fn note(&self, origin: &str) -> Result<Option<Note>, EvidenceError> {
        let Some(text) = self.text()? else { return Ok(None) };
        let note: Note = text.parse()?;
        let checkpoint: Checkpoint = note.text.parse()?;
        Ok((checkpoint.origin == origin).then_some(note))
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

    /// Holds others off while the mark is compared and replaced; given back when it is dropped.
    fn lock(&self) -> Result<std::fs::File, EvidenceError> {
        let path = self.path.with_extension("lock");
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let held = options.open(path).map_err(|error| self.failed(error))?;
        held.lock().map_err(|error| self.failed(error))?;
        Ok(held)
    }

    fn failed(&self, source: std::io::Error) -> EvidenceError {
        FileError { path: self.path.clone(), source }.into()
    }
}
