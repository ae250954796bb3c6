//! Files that hold secrets.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// Where a file lies. The parent of a bare name is an empty path, which cannot be opened.
fn directory_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Puts a file in the place of another, or of none: it is written beside its place, made durable and
/// moved there in one step, so that a crash leaves the old one or the new one, whole.
///
/// # Errors
/// [`FileError`].
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |source| FileError { path: path.to_owned(), source };
    let directory = directory_of(path);
    std::fs::create_dir_all(directory).map_err(failed)?;
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut file = std::fs::File::create(&draft).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&draft, path).map_err(failed)?;
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)
}

/// Writes a new file that only its owner may read, and gives back what the file holds.
///
/// It is written beside its place, made durable, and moved there in one step: a crash leaves either
/// no file or a whole one. When another process made it meanwhile, theirs stands.
///
/// # Errors
/// [`FileError`].
pub fn write_secret(path: &Path, text: &str) -> Result<String, FileError> {
    let failed = |source| FileError { path: path.to_owned(), source };
    let directory = directory_of(path);
    std::fs::create_dir_all(directory).map_err(failed)?;
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(failed(error));
        }
        _ => {}
    }
    std::fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    std::fs::read_to_string(path).map_err(failed)
}
