//! Documents: bytes that people hand in, sealed under their own key, in an object store.
//!
//! An upload is sealed into a file of this process first (`draft`), since its hash, its size and its
//! kind are known only at its end; then it is put into the store, and then the event is appended.
//!
//! - A crash before the store has it leaves nothing: the file has no name and goes with the process.
//! - A crash between the store and the event leaves an object that no event names: the sweep removes
//!   it when it is an hour old (`Commands::sweep_documents`).
//! - After the event, both are durable.
//!
//! Erasure destroys the person's key, which empties the store and its backups at once, and then
//! removes the objects; what a crash leaves of those the sweep removes.

mod draft;
mod kind;
mod opened;

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, parse_url_opts};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

pub use draft::{Draft, Finished};
pub use kind::is_of_type;
pub use opened::OpenedDocument;

use crate::at_once::{AtOnce, Share};
use crate::files::make_private_folder;
use crate::keys::{KeysError, PersonKey};

/// Largest document, as the domain says: 50 MB.
pub const DOCUMENT_MAX_BYTES: u64 = 52_428_800;

/// Bytes of documents of one person at most: 500 MiB, ten of the largest or some hundreds of ordinary ones.
pub const PERSON_MAX_BYTES: u64 = 524_288_000;

/// Uploads of one token at once: a form with its annexes.
const UPLOADS_OF_TOKEN: usize = 4;
/// What the disk must have left before a document is taken: documents must not take the room in which
/// commands are recorded.
const FREE_MIN_BYTES: u64 = 1 << 30;

/// Why a document cannot be kept or given back.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The store failed.
    #[error("the document store failed")]
    Store(#[from] object_store::Error),
    /// A file of this process failed.
    #[error("a file of the upload failed")]
    File(#[from] std::io::Error),
    /// What the store holds is not what was put there.
    #[error("a stored document is not what was put there")]
    Damaged,
    /// The document is larger than [`DOCUMENT_MAX_BYTES`].
    #[error("the document is too large")]
    TooLarge,
    /// The bytes could not be sealed.
    #[error(transparent)]
    Keys(KeysError),
    /// The address of the store cannot be read.
    #[error("the document store's address cannot be read")]
    Address,
}

impl From<KeysError> for DocumentError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::NotAuthentic => Self::Damaged,
            other => Self::Keys(other),
        }
    }
}

/// An object of the store.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// Its name there.
    pub location: Path,
    /// When it was put there.
    pub put_at: DateTime<Utc>,
}

/// Where documents are kept. Cheap to clone.
#[derive(Clone)]
pub struct DocumentStore(Arc<Inner>);

struct Inner {
    store: Arc<dyn ObjectStore>,
    root: Path,
    /// Where uploads are sealed until they are whole.
    incoming: PathBuf,
    /// The folder of a store on this machine.
    folder: Option<PathBuf>,
    uploads: AtOnce<Uuid>,
}

/// What a person's documents belong to.
fn owner(path: Uuid) -> String {
    format!("beneficiary/{path}")
}

impl DocumentStore {
    /// Whether the store answers: a folder is there, or a bucket can be asked.
    pub async fn is_reachable(&self) -> bool {
        if let Some(folder) = &self.0.folder {
            return tokio::fs::metadata(folder).await.is_ok_and(|found| found.is_dir());
        }
        // Any name will do: there is no document of this one.
        let asked = self.0.store.head(&self.0.root.clone().join("none")).await;
        matches!(asked, Ok(_) | Err(object_store::Error::NotFound { .. }))
    }

    /// Opens the store: a folder, made when it is missing, or `s3://bucket/prefix` with the usual
    /// `AWS_*` variables of the environment. Uploads are sealed into nameless files in `incoming`.
    ///
    /// # Errors
    /// [`DocumentError::Address`], `Store` and `File`.
    pub fn open(url: &str, incoming: &FilePath) -> Result<Self, DocumentError> {
        let (store, root, folder): (Arc<dyn ObjectStore>, Path, _) = if url.starts_with("s3://") {
            // What the store speaks over asks the process for its cryptography. The first one that is named
            // stays: here that is ring as well, whoever was first.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let url = reqwest::Url::parse(url).map_err(|_| DocumentError::Address)?;
            let settings = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
            let settings = settings.map(|(name, value)| (name.to_ascii_lowercase(), value));
            let (store, root) = parse_url_opts(&url, settings)?;
            (store.into(), root, None)
        } else {
            let folder = url.strip_prefix("file://").unwrap_or(url);
            make_private_folder(FilePath::new(folder))?;
            let store = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
            (store, Path::default(), Some(PathBuf::from(folder)))
        };
        make_private_folder(incoming)?;
        let (incoming, uploads) = (incoming.to_owned(), AtOnce::new(UPLOADS_OF_TOKEN));
        Ok(Self(Arc::new(Inner { store, root, incoming, folder, uploads })))
    }

    /// A token's turn to send a document, to be held while it does.
    #[must_use]
    pub fn turn(&self, token: Uuid) -> Option<Share<Uuid>> {
        self.0.uploads.enter(token)
    }

    /// Whether a document of any size still fits, and leaves the disk what the databases need to go on. A
    /// disk that cannot be asked is taken to have room: writing to it will tell.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let folders = self.0.folder.iter().chain([&self.0.incoming]);
        folders.into_iter().all(|folder| {
            let free = rustix::fs::statvfs(folder);
            free.map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= FREE_MIN_BYTES)
        })
    }

    fn folder(&self, path: Uuid) -> Path {
        self.0.root.clone().join("beneficiary").join(path.to_string())
    }

    fn at(&self, path: Uuid, key: &PersonKey, sha256: &str) -> Path {
        self.folder(path).join(key.document_name(sha256))
    }

    /// Begins to take a document of a person in.
    ///
    /// # Errors
    /// [`DocumentError::File`].
    pub fn draft(&self, path: Uuid, key: PersonKey) -> Result<Draft, DocumentError> {
        Draft::begin(&self.0.incoming, owner(path), key)
    }

    /// Puts a whole upload into the store. Durable when it returns; a crash before leaves nothing, or
    /// an object that the sweep removes. The same document again replaces it.
    ///
    /// # Errors
    /// [`DocumentError::Store`] and `File`.
    pub async fn keep(
        &self,
        path: Uuid,
        key: &PersonKey,
        finished: &mut Finished,
    ) -> Result<(), DocumentError> {
        let at = self.at(path, key, finished.sha256.as_str());
        let mut into = BufWriter::new(self.0.store.clone(), at);
        let copied = tokio::io::copy(finished.sealed().await?, &mut into).await;
        match copied {
            Ok(_) => into.shutdown().await.map_err(Into::into),
            Err(error) => {
                // What was sent of it is given up.
                let _ = into.abort().await;
                Err(error.into())
            }
        }
    }

    /// Opens a document; none when it is not there.
    ///
    /// # Errors
    /// [`DocumentError::Store`], and `Damaged` when its first bytes are not what was put there.
    pub async fn read(
        &self,
        path: Uuid,
        key: PersonKey,
        sha256: &str,
        size_bytes: u64,
    ) -> Result<Option<OpenedDocument>, DocumentError> {
        match self.0.store.get(&self.at(path, &key, sha256)).await {
            Ok(found) => {
                OpenedDocument::begin(found.into_stream(), owner(path), key, sha256, size_bytes)
                    .await
                    .map(Some)
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object that is kept, by the path that it is of.
    ///
    /// # Errors
    /// [`DocumentError::Store`].
    pub async fn objects(&self) -> Result<BTreeMap<Uuid, Vec<StoredObject>>, DocumentError> {
        let mut by_path: BTreeMap<Uuid, Vec<StoredObject>> = BTreeMap::new();
        let folder = self.0.root.clone().join("beneficiary");
        let mut found = self.0.store.list(Some(&folder));
        while let Some(object) = found.try_next().await? {
            let parts: Vec<_> = object.location.parts().collect();
            let owner = parts.iter().rev().nth(1);
            let owner = owner.and_then(|part| Uuid::try_parse(part.as_ref()).ok());
            if let Some(owner) = owner {
                let object =
                    StoredObject { location: object.location, put_at: object.last_modified };
                by_path.entry(owner).or_default().push(object);
            }
        }
        Ok(by_path)
    }

    /// Removes one object.
    ///
    /// # Errors
    /// [`DocumentError::Store`].
    pub async fn remove(&self, location: &Path) -> Result<(), DocumentError> {
        self.0.store.delete(location).await.map_err(Into::into)
    }

    /// Removes everything that is kept of a person.
    ///
    /// # Errors
    /// [`DocumentError::Store`].
    pub async fn forget(&self, path: Uuid) -> Result<(), DocumentError> {
        let found = self.0.store.list(Some(&self.folder(path)));
        let locations = found.map_ok(|object| object.location).boxed();
        let removed = self.0.store.delete_stream(locations);
        removed.try_for_each(|_| std::future::ready(Ok(()))).await.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_opened_without_being_reached() {
        let folder = tempfile::tempdir().unwrap();
        assert!(DocumentStore::open("s3://invented-bucket/documents", folder.path()).is_ok());
    }
}
