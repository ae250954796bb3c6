//! A document on its way in: counted, hashed, and sealed into a file of this process.

use std::io::SeekFrom;
use std::path::Path;

use sha2::{Digest, Sha256};
use sira_domain::path::facts::Sha256Hex;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DOCUMENT_MAX_BYTES, DocumentError};
use crate::keys::{CHUNK_BYTES, ChunkPlace, PersonKey};
use sira_evidence::leaf::hex;

/// Bytes that tell what kind of file it is: an `OpenDocument` names itself within the first hundred.
const HEAD_BYTES: usize = 8 * 1024;

/// An upload under way. Its file has no name, so that nothing is left of it when it is dropped, or
/// when the process dies.
pub struct Draft {
    owner: String,
    key: PersonKey,
    upload: [u8; 16],
    file: File,
    hasher: Sha256,
    size_bytes: u64,
    number: u64,
    waiting: Zeroizing<Vec<u8>>,
    head: Vec<u8>,
}

/// A whole upload, sealed.
pub struct Finished {
    /// SHA-256 of the plain bytes.
    pub sha256: Sha256Hex,
    /// Plain bytes.
    pub size_bytes: u64,
    /// The first of them.
    pub head: Vec<u8>,
    file: File,
}

impl Finished {
    /// The sealed bytes, from the first.
    pub(super) async fn sealed(&mut self) -> std::io::Result<&mut File> {
        self.file.seek(SeekFrom::Start(0)).await?;
        Ok(&mut self.file)
    }
}

impl Draft {
    pub(super) fn begin(
        incoming: &Path,
        owner: String,
        key: PersonKey,
    ) -> Result<Self, DocumentError> {
        let file = File::from_std(tempfile::tempfile_in(incoming)?);
        Ok(Self {
            owner,
            key,
            upload: Uuid::new_v4().into_bytes(),
            file,
            hasher: Sha256::new(),
            size_bytes: 0,
            number: 0,
            waiting: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)),
            head: Vec::new(),
        })
    }

    /// Takes the next bytes in. A chunk is sealed once it is known not to be the last.
    ///
    /// # Errors
    /// [`DocumentError::TooLarge`], `File`.
    pub async fn take(&mut self, mut bytes: &[u8]) -> Result<(), DocumentError> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > DOCUMENT_MAX_BYTES {
            return Err(DocumentError::TooLarge);
        }
        self.hasher.update(bytes);
        let head = bytes.len().min(HEAD_BYTES - self.head.len());
        self.head.extend_from_slice(&bytes[..head]);
        while !bytes.is_empty() {
            if self.waiting.len() == CHUNK_BYTES {
                self.seal(false).await?;
            }
            let taken = bytes.len().min(CHUNK_BYTES - self.waiting.len());
            self.waiting.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    async fn seal(&mut self, is_last: bool) -> Result<(), DocumentError> {
        if self.number == 0 {
            self.file.write_all(&self.upload).await?;
        }
        let place =
            ChunkPlace { owner: &self.owner, upload: &self.upload, number: self.number, is_last };
        let sealed = self.key.seal_chunk(&place, &self.waiting)?;
        self.file.write_all(&sealed).await?;
        self.waiting.clear();
        self.number += 1;
        Ok(())
    }

    /// Ends the upload.
    ///
    /// # Errors
    /// [`DocumentError::File`].
    pub async fn finish(mut self) -> Result<Finished, DocumentError> {
        self.seal(true).await?;
        self.file.flush().await?;
        let sha256 = Sha256Hex::try_new(&hex(&self.hasher.finalize()));
        let sha256 = sha256.unwrap_or_else(|_| unreachable!("a digest is 64 digits"));
        Ok(Finished { sha256, size_bytes: self.size_bytes, head: self.head, file: self.file })
    }
}
