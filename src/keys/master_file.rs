//! Where the master key comes from: given, or kept in a file of the data directory.

#[cfg(unix)]
use std::fs::File;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::aead::random;
use super::{KeysError, MasterKey};
use crate::files::make_private_folder;

const FILE_NAME: &str = "master.key";

/// Where a master key came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeyOrigin {
    /// It was given, by the environment or a secret store.
    Given,
    /// It was read from this file.
    File(PathBuf),
    /// It was made just now and written to this file: time to copy it to a safe place.
    Created(PathBuf),
}

impl MasterKey {
    /// Takes the key that was given; else reads `master.key` in the data directory; none when there is none.
    /// Blocks on the file system.
    ///
    /// # Errors
    /// As [`MasterKey::load_or_create`].
    pub fn load(data_dir: &Path, given: Option<&str>) -> Result<Option<Self>, KeysError> {
        match given {
            Some(text) => Self::from_text(text).map(Some),
            None => read(&data_dir.join(FILE_NAME)),
        }
    }

    /// Takes the key that was given; else reads `master.key` in the data directory; else makes one
    /// there, readable by its owner alone. Blocks on the file system.
    ///
    /// # Errors
    /// [`KeysError::MasterKeyForm`] when the text is no key, [`KeysError::MasterKeyExposed`] when
    /// others may read the file, [`KeysError::MasterKeyFile`] when it cannot be read or made.
    pub fn load_or_create(
        data_dir: &Path,
        given: Option<&str>,
    ) -> Result<(Self, MasterKeyOrigin), KeysError> {
        if let Some(text) = given {
            return Ok((Self::from_text(text)?, MasterKeyOrigin::Given));
        }
        let path = data_dir.join(FILE_NAME);
        if let Some(key) = read(&path)? {
            return Ok((key, MasterKeyOrigin::File(path)));
        }
        let key = Self::random()?;
        let created = create(data_dir, &path, &key).map_err(|error| at(&path, error))?;
        if created {
            return Ok((key, MasterKeyOrigin::Created(path)));
        }
        // Another process was faster: its key is the one.
        let key = read(&path)?.ok_or_else(|| at(&path, io::ErrorKind::NotFound.into()))?;
        Ok((key, MasterKeyOrigin::File(path)))
    }
}

fn at(path: &Path, source: io::Error) -> KeysError {
    KeysError::MasterKeyFile { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Option<MasterKey>, KeysError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, error)),
    };
    if is_exposed(path).map_err(|error| at(path, error))? {
        return Err(KeysError::MasterKeyExposed { path: path.to_owned() });
    }
    let key = MasterKey::from_text(&text)?;
    // Whoever made the file may have been killed before its name was durable.
    sync_directory(path).map_err(|error| at(path, error))?;
    Ok(Some(key))
}

/// Writes the key to a draft beside its place, then gives it its name; `false` when the name is taken.
///
/// Durable when it returns `true`: the file's bytes and its name. A crash before leaves at most a draft, with
/// a key that nothing was ever wrapped under; nobody needs to repair it, and the next start makes
/// another. The name never holds half a key: a hard link is made as a whole, and never replaces a file.
fn create(data_dir: &Path, path: &Path, key: &MasterKey) -> io::Result<bool> {
    make_private_folder(data_dir)?;
    let name = random::<8>().map_err(io::Error::other)?;
    let draft = data_dir.join(format!("{FILE_NAME}.{:016x}", u64::from_le_bytes(name)));
    write_draft(&draft, key)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => sync_directory(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_draft(draft: &Path, key: &MasterKey) -> io::Result<()> {
    let mut file = owner_only(OpenOptions::new().write(true).create_new(true)).open(draft)?;
    file.write_all(key.to_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes a file, when it is opened for the first time, readable and writable by its owner alone.
#[cfg(unix)]
pub(super) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
pub(super) fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A new name is durable only once its directory is. Other systems than Unix cannot open one.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn a_master_key_file_is_created_once_with_mode_0600_and_reused() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("data");
        let path = data_dir.join(FILE_NAME);
        let (first, origin) = MasterKey::load_or_create(&data_dir, None).unwrap();
        assert_eq!(origin, MasterKeyOrigin::Created(path.clone()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (second, origin) = MasterKey::load_or_create(&data_dir, None).unwrap();
        assert_eq!(origin, MasterKeyOrigin::File(path));
        assert_eq!(*first.to_text(), *second.to_text());
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_given_master_key_leaves_the_data_directory_alone() {
        let dir = tempfile::tempdir().unwrap();
        let text = MasterKey::random().unwrap().to_text();
        let (key, origin) = MasterKey::load_or_create(dir.path(), Some(&text)).unwrap();
        assert_eq!(origin, MasterKeyOrigin::Given);
        assert_eq!(*key.to_text(), *text);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        MasterKey::load_or_create(dir.path(), None).unwrap();
        let path = dir.path().join(FILE_NAME);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = MasterKey::load_or_create(dir.path(), None).unwrap_err();
        assert!(matches!(refused, KeysError::MasterKeyExposed { .. }));
    }

    #[test]
    fn a_damaged_file_is_refused_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        owner_only(OpenOptions::new().write(true).create_new(true)).open(&path).unwrap();
        let refused = MasterKey::load_or_create(dir.path(), None).unwrap_err();
        assert!(matches!(refused, KeysError::MasterKeyForm));
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn processes_that_start_together_agree_on_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let start = Barrier::new(8);
        let load = || {
            start.wait();
            MasterKey::load_or_create(dir.path(), None).unwrap()
        };
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let created = |(_, origin): &&(MasterKey, MasterKeyOrigin)| {
            matches!(origin, MasterKeyOrigin::Created(_))
        };
        assert_eq!(keys.iter().filter(created).count(), 1);
        assert!(keys.iter().all(|(key, _)| *key.to_text() == *keys[0].0.to_text()));
    }
}
