//! What can go wrong with keys. No variant carries key material or personal data.

use std::path::PathBuf;

/// Why a key could not be made, found, used or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The master key is not 32 bytes in one of the forms taken.
    #[error("a master key is 32 bytes, written as 64 hexadecimal digits or in base64")]
    MasterKeyForm,
    /// The master key's file could not be read or made.
    #[error("the master key's file {} could not be read or made", path.display())]
    MasterKeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The master key's file may be read by others than its owner.
    #[error(
        "the master key's file {0} may be read by others than its owner; run: chmod 600 {0}",
        path.display()
    )]
    MasterKeyExposed {
        /// The file.
        path: PathBuf,
    },
    /// The store's keys were wrapped under another master key.
    #[error("the key store was made under another master key")]
    WrongMasterKey,
    /// There is no key store here, and none is made.
    #[error("there is no key store here")]
    Absent,
    /// The URL is of no engine that Sira knows.
    #[error("a key store's URL starts with `sqlite:`, `postgres:` or `postgresql:`")]
    UnknownEngine,
    /// The schema was not made by this program's migrations: a newer program's, or no key store.
    #[error("the key store's schema is not known to this program (migration {version})")]
    UnknownSchema {
        /// The first migration that this program does not have, or has otherwise.
        version: i64,
    },
    /// The connection does not reach schema `keys`: a pooler in between drops the search path.
    #[error("the connection does not work in schema `keys`; is there a pooler in between?")]
    WrongSchema,
    /// The schema could not be brought up to date, since a session does not end.
    #[error("the key store's migration waits for a session that does not end: {by}")]
    Held {
        /// Who, as the server's list of sessions names them.
        by: String,
    },
    /// A row contradicts what the store always keeps true: somebody else has written to it.
    #[error("{table} {id} is damaged")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
    },
    /// The sealed text was altered, moved from its place, or sealed under another key.
    #[error("the sealed text is not authentic here")]
    NotAuthentic,
    /// The text to seal is over [`super::MAX_PLAIN_BYTES`].
    #[error("a sealed text holds at most {limit_bytes} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// No fresh key is left, and making more has just failed for another caller. Try again later.
    #[error("no fresh key is left, and making more has just failed")]
    NoFreshKey,
    /// The keys are unusable from now on, but their old bytes may still be in the store's files. The
    /// store finishes the work when [`super::KeyStore::destroy`] is called again, or when it is opened.
    #[error("the keys are destroyed, but the store could not yet be rewritten without their bytes")]
    NotRewritten(#[source] sqlx::Error),
    /// The database refused or went away.
    #[error("the key store's database failed")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("the key store's migration failed")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Randomness(getrandom::Error),
}
