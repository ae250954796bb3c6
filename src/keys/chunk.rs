//! Sealing what is too long for one text: a document, in chunks.

use zeroize::Zeroizing;

use super::KeysError;
use super::aead::{OVERHEAD_BYTES, decrypt, encrypt, mac};
use super::person_key::PersonKey;

/// Plain bytes of a chunk; the last one may be shorter, and is never empty.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// The same chunk sealed.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + OVERHEAD_BYTES;

/// The place of a chunk, which it is bound to: it opens as that chunk of that upload and as nothing
/// else, so that none can be swapped, left out or cut off unseen.
#[derive(Clone, Copy, Debug)]
pub struct ChunkPlace<'a> {
    /// What the document belongs to, such as `beneficiary/<uuid>`.
    pub owner: &'a str,
    /// Drawn for each upload.
    pub upload: &'a [u8; 16],
    /// From 0.
    pub number: u64,
    /// Whether it is the last.
    pub is_last: bool,
}

impl ChunkPlace<'_> {
    fn bound_to(&self) -> Vec<u8> {
        let Self { owner, upload, number, is_last } = self;
        let mut place = format!("sira.document/v1\n{owner}\n{number}\n{is_last}\n").into_bytes();
        place.extend_from_slice(*upload);
        place
    }
}

impl PersonKey {
    /// Seals one chunk, of at most [`CHUNK_BYTES`].
    ///
    /// # Errors
    /// [`KeysError::Randomness`].
    pub fn seal_chunk(&self, place: &ChunkPlace, plain: &[u8]) -> Result<Vec<u8>, KeysError> {
        encrypt(self.secret(), &place.bound_to(), plain)
    }

    /// Opens one chunk at its place.
    ///
    /// # Errors
    /// [`KeysError::NotAuthentic`] when the place, the key or a single bit differs.
    pub fn open_chunk(
        &self,
        place: &ChunkPlace,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        decrypt(self.secret(), &place.bound_to(), sealed)
    }

    /// The name that a document is kept under, made from its SHA-256: the hash itself would tell
    /// whoever sees the store that a known form was handed in.
    #[must_use]
    pub fn document_name(&self, sha256: &str) -> String {
        let name = mac(self.secret().as_ref(), &[b"sira.document-name/v1", sha256.as_bytes()]);
        sira_evidence::leaf::hex(&name[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_opens_at_its_place_and_nowhere_else() {
        let key = PersonKey::throwaway().unwrap();
        let place =
            ChunkPlace { owner: "beneficiary/1", upload: &[7; 16], number: 3, is_last: false };
        let sealed = key.seal_chunk(&place, b"bytes").unwrap();
        assert_eq!(&key.open_chunk(&place, &sealed).unwrap()[..], b"bytes");
        let others = [
            ChunkPlace { owner: "beneficiary/2", ..place },
            ChunkPlace { upload: &[8; 16], ..place },
            ChunkPlace { number: 4, ..place },
            ChunkPlace { is_last: true, ..place },
        ];
        for other in others {
            assert!(key.open_chunk(&other, &sealed).is_err(), "{other:?}");
        }
        assert!(PersonKey::throwaway().unwrap().open_chunk(&place, &sealed).is_err());
    }
}
