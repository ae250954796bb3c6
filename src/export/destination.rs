//! Where an export goes: a file that is there whole or not at all, or standard output.

use std::ffi::OsString;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;
/// What the name of the metadata beside a file ends with, as "CSV on the Web" has it.
const BESIDE: &str = "-metadata.json";

/// Where an export goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file; one that is there already is replaced.
    File(PathBuf),
}

impl Destination {
    /// A path, or `-` for standard output.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        if path == Path::new("-") { Self::Standard } else { Self::File(path.to_owned()) }
    }

    /// Opens it. A file is written under another name in the same directory, readable by its owner
    /// alone, and has its own name only after [`OpenedDestination::keep`].
    ///
    /// # Errors
    /// When the directory cannot be written to.
    pub fn open(&self) -> io::Result<OpenedDestination> {
        let out = match self {
            Self::Standard => Sink::Standard(BufWriter::with_capacity(BUFFER_BYTES, io::stdout())),
            Self::File(path) => {
                let parent = path.parent().filter(|parent| *parent != Path::new(""));
                let draft = NamedTempFile::new_in(parent.unwrap_or(Path::new(".")))?;
                Sink::File(BufWriter::with_capacity(BUFFER_BYTES, draft), path.clone())
            }
        };
        Ok(OpenedDestination(out))
    }

    /// Writes what describes the file beside it; nothing beside standard output. True when it did.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn describe(&self, metadata: &serde_json::Value) -> io::Result<bool> {
        let Some(path) = self.beside() else { return Ok(false) };
        let mut out = Self::File(path).open()?;
        serde_json::to_writer_pretty(&mut out, metadata)?;
        out.write_all(b"\n")?;
        out.keep()?;
        Ok(true)
    }

    /// The file beside it that describes it.
    #[must_use]
    pub fn beside(&self) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        let mut name = OsString::from(path.file_name()?);
        name.push(BESIDE);
        Some(path.with_file_name(name))
    }

    /// The file's own name.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        Some(path.file_name()?.to_string_lossy().into_owned())
    }
}

/// An opened destination. Dropped before [`OpenedDestination::keep`], it leaves nothing.
#[derive(Debug)]
pub struct OpenedDestination(Sink);

#[derive(Debug)]
enum Sink {
    Standard(BufWriter<Stdout>),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl OpenedDestination {
    /// Makes what was written durable and gives it its name. A crash before leaves a file under
    /// another name, which nobody takes for the whole.
    ///
    /// # Errors
    /// When it cannot be written out or moved into place.
    pub fn keep(self) -> io::Result<()> {
        match self.0 {
            Sink::Standard(mut out) => out.flush(),
            Sink::File(out, path) => {
                let draft = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                draft.as_file().sync_all()?;
                draft.persist(&path)?;
                Ok(())
            }
        }
    }
}

impl Write for OpenedDestination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Sink::Standard(out) => out.write(bytes),
            Sink::File(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Sink::Standard(out) => out.flush(),
            Sink::File(out, _) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, "before").unwrap();
        let destination = Destination::new(&path);
        let mut dropped = destination.open().unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a draft is left");
        let mut kept = destination.open().unwrap();
        kept.write_all(b"whole").unwrap();
        kept.keep().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole");
    }

    #[test]
    fn what_describes_a_file_lies_beside_it() {
        let destination = Destination::new(Path::new("out/rows.csv"));
        assert_eq!(destination.beside(), Some(PathBuf::from("out/rows.csv-metadata.json")));
        assert_eq!(Destination::new(Path::new("-")), Destination::Standard);
        assert!(!Destination::Standard.describe(&serde_json::json!({})).unwrap());
    }
}
