//! What can go wrong with a backup. No variant carries what a row holds.

use std::io;
use std::path::{Path, PathBuf};

use sira_numbers::Position;

use crate::commands::CommandError;
use crate::journal::JournalError;
use crate::keys::KeysError;

/// Why a backup was not made, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder holds something already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The folder lies within another backup, or holds one: keys and journal must lie apart.
    #[error("{} lies within another backup", .0.display())]
    WithinBackup(PathBuf),
    /// There is no manifest: the folder is no backup, or one that broke off.
    #[error("{} has no manifest: no backup, or one that broke off", .0.display())]
    NoManifest(PathBuf),
    /// It is a backup of the other kind.
    #[error("this is a backup of the other kind (--keys)")]
    OtherKind,
    /// It was made by a newer program.
    #[error("the backup has schema {found}, this program knows {known}")]
    TooNew {
        /// The backup's.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// The manifest or a file is not what was written.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An event of the backup is not what its hash, its position or its stream says: the journal was
    /// damaged before it was backed up.
    #[error("the event after position {position} is damaged or missing")]
    DamagedEvent {
        /// The last good position.
        position: Position,
    },
    /// The database to restore into holds something already.
    #[error("the database is not empty: {table} holds rows")]
    DatabaseNotEmpty {
        /// Where the first row was found.
        table: &'static str,
    },
    /// The backup belongs to another key store than the journal, or the other way round.
    #[error("the keys and the journal do not belong together")]
    Unrelated,
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The journal's database failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The key store failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// An erasure in the journal cannot be read.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl BackupError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.into() }
    }
}
