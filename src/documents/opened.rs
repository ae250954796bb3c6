//! A document on its way out: each chunk authenticated before it leaves, the whole checked at its end.

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};

use super::DocumentError;
use crate::keys::{ChunkPlace, PersonKey, SEALED_CHUNK_BYTES};
use sira_evidence::leaf::hex;

/// Bytes before the first chunk: the upload's own number.
const UPLOAD_BYTES: usize = 16;

/// An open document.
pub struct OpenedDocument {
    from: BoxStream<'static, object_store::Result<Bytes>>,
    owner: String,
    key: PersonKey,
    upload: [u8; UPLOAD_BYTES],
    number: u64,
    buffer: BytesMut,
    is_over: bool,
    hasher: Sha256,
    read_bytes: u64,
    sha256: String,
    size_bytes: u64,
    first: Option<Bytes>,
}

impl OpenedDocument {
    /// Reads up to and with the first chunk, so that what is not ours is known before anything is
    /// answered.
    pub(super) async fn begin(
        from: BoxStream<'static, object_store::Result<Bytes>>,
        owner: String,
        key: PersonKey,
        sha256: &str,
        size_bytes: u64,
    ) -> Result<Self, DocumentError> {
        let mut opened = Self {
            from,
            owner,
            key,
            upload: [0; UPLOAD_BYTES],
            number: 0,
            buffer: BytesMut::new(),
            is_over: false,
            hasher: Sha256::new(),
            read_bytes: 0,
            sha256: sha256.to_owned(),
            size_bytes,
            first: None,
        };
        opened.fill(UPLOAD_BYTES).await?;
        if opened.buffer.len() < UPLOAD_BYTES {
            return Err(DocumentError::Damaged);
        }
        let upload = opened.buffer.split_to(UPLOAD_BYTES);
        opened.upload.copy_from_slice(&upload);
        opened.first = opened.next().await?;
        Ok(opened)
    }

    /// Reads until so many bytes are there, or the end.
    async fn fill(&mut self, wanted: usize) -> Result<(), DocumentError> {
        while self.buffer.len() < wanted && !self.is_over {
            match self.from.next().await {
                Some(bytes) => self.buffer.extend_from_slice(&bytes?),
                None => self.is_over = true,
            }
        }
        Ok(())
    }

    /// The next chunk in clear; none at the end, once the whole was found to be what the event says.
    async fn next(&mut self) -> Result<Option<Bytes>, DocumentError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        // One byte more tells whether it is the last.
        self.fill(SEALED_CHUNK_BYTES + 1).await?;
        if self.buffer.is_empty() {
            return self.check_whole().map(|()| None);
        }
        let is_last = self.buffer.len() <= SEALED_CHUNK_BYTES;
        let sealed = self.buffer.split_to(self.buffer.len().min(SEALED_CHUNK_BYTES));
        let place =
            ChunkPlace { owner: &self.owner, upload: &self.upload, number: self.number, is_last };
        let plain = self.key.open_chunk(&place, &sealed)?;
        self.number += 1;
        self.read_bytes += plain.len() as u64;
        self.hasher.update(&plain);
        Ok(Some(Bytes::copy_from_slice(&plain)))
    }

    fn check_whole(&self) -> Result<(), DocumentError> {
        let same = self.read_bytes == self.size_bytes
            && hex(&self.hasher.clone().finalize()) == self.sha256;
        if same { Ok(()) } else { Err(DocumentError::Damaged) }
    }

    /// The plain bytes. An error breaks the answer off: its reader sees that it is not whole.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, DocumentError>> {
        futures::stream::unfold(Some(self), async |opened| {
            let mut opened = opened?;
            match opened.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(opened))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}
