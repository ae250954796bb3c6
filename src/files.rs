//! Files that must be whole, and those that hold secrets.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

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

/// Others than its owner may read a file that holds a secret, or change it.
#[derive(Debug, thiserror::Error)]
#[error("others than its owner may read it; run: chmod 600 {}", .0.display())]
pub struct ExposedFile(pub PathBuf);

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
    // As the process makes any file: it holds no secret.
    replace_with(path, bytes, 0o666)
}

/// The same, for a file of which nobody but its owner may read or change anything: what a key has signed.
///
/// # Errors
/// [`FileError`].
pub fn replace_own(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_with(path, bytes, 0o600)
}

fn replace_with(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let failed = |source| FileError { path: path.to_owned(), source };
    let directory = directory_of(path);
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut draft = draft_in(directory, mode).map_err(failed)?;
    write_whole(&mut draft, bytes).map_err(failed)?;
    draft.persist(path).map_err(|error| failed(error.error))?;
    make_durable(directory).map_err(failed)
}

/// A file beside the place that it is written for; it is removed again unless it is moved there. What a crash
/// leaves of one ends in `.draft`, and nothing reads it.
fn draft_in(directory: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let mut draft = tempfile::Builder::new();
    draft.prefix(".").suffix(".draft");
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    draft.tempfile_in(directory)
}

fn write_whole(draft: &mut NamedTempFile, bytes: &[u8]) -> io::Result<()> {
    draft.write_all(bytes)?;
    draft.as_file().sync_all()
}

/// A name that was made or moved is durable once its directory is.
fn make_durable(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Makes a folder, and those above it, each durable in the one above before anything is written to it.
///
/// # Errors
/// What the system says.
pub fn make_durable_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let above = directory_of(path);
    make_durable_folder(above)?;
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => make_durable(above),
    }
}

/// Makes a folder, and those above it, for its owner alone, whatever the process's mask; one that is there
/// stays as it is.
///
/// # Errors
/// What the system says.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true).create(path)
}

/// What a file holds that only its owner may read; none when there is none.
///
/// # Errors
/// [`FileError`], with [`ExposedFile`] as its cause when others may read it or change it.
pub fn read_secret(path: &Path) -> Result<Option<Zeroizing<String>>, FileError> {
    let failed = |source| FileError { path: path.to_owned(), source };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(failed(io::Error::other(ExposedFile(path.to_owned()))));
        }
    }
    Ok(Some(text))
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
    make_private_folder(directory).map_err(failed)?;
    let mut draft = draft_in(directory, 0o600).map_err(failed)?;
    write_whole(&mut draft, text.as_bytes()).map_err(failed)?;
    match draft.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed(error.error));
        }
        _ => {}
    }
    make_durable(directory).map_err(failed)?;
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a folder.
    fn names(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_secret_that_is_there_already_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret");
        assert_eq!(write_secret(&path, "first").unwrap(), "first");
        assert_eq!(write_secret(&path, "second").unwrap(), "first");
        assert_eq!(names(&folder.path().join("deep")), ["secret"]);
    }

    #[test]
    fn a_file_is_put_in_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        for text in ["first", "second"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(folder.path()), ["checkpoint"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_for_its_owner_alone_and_another_file_as_any_other() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let metadata = std::fs::metadata(folder.path().join(name)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        std::fs::write(folder.path().join("any"), "").unwrap();
        replace(&folder.path().join("replaced"), b"").unwrap();
        write_secret(&folder.path().join("secret"), "").unwrap();
        assert_eq!((mode("replaced"), mode("secret")), (mode("any"), 0o600));
    }
}
