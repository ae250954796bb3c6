//! The folder of a backup.

use std::fs;
use std::path::Path;

use super::BackupError;
use super::manifest::MANIFEST;

/// Makes the folder, or takes an empty one, for its owner alone. One that holds something is refused, and
/// so is one within another backup: keys and journal in one place would be one backup again, which
/// brings an erased person back.
pub(super) fn make_folder(folder: &Path) -> Result<(), BackupError> {
    let failed = |error| BackupError::file(folder, error);
    // Before anything is made: not even an empty folder may be left in another backup.
    let named = std::path::absolute(folder).map_err(failed)?;
    refuse_within(&named, folder)?;
    fs::create_dir_all(folder).map_err(failed)?;
    // And where the name leads through links.
    refuse_within(&folder.canonicalize().map_err(failed)?, folder)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    #[cfg(unix)]
    {
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(folder, owner_only).map_err(failed)?;
    }
    Ok(())
}

fn refuse_within(whole: &Path, folder: &Path) -> Result<(), BackupError> {
    if whole.ancestors().any(|above| above.join(MANIFEST).exists()) {
        return Err(BackupError::WithinBackup(folder.to_owned()));
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| BackupError::file(folder, error))
}
