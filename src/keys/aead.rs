//! XChaCha20-Poly1305: what both the wrapping of keys and the sealing of texts use.
//!
//! A key is wrapped under a random nonce: 24 bytes may be drawn without counting them. A text is
//! sealed under a nonce made from the text itself and its place (a synthetic one, as in RFC 5297),
//! so that the same text in the same place seals alike: that is how a retried command is known for
//! one without opening anything. It shows that a text of a person is the same as before, and
//! nothing else.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeysError;
use super::person_key::MAX_PLAIN_BYTES;

/// Bytes of a key, zeroed when dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// What encryption adds to a text: the nonce before it and the tag behind it.
pub(super) const OVERHEAD_BYTES: usize = NONCE_BYTES + TAG_BYTES;

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], KeysError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(KeysError::Randomness)?;
    Ok(bytes)
}

/// A fresh random key.
pub(super) fn random_secret() -> Result<Secret, KeysError> {
    // Filled in place: an array returned by value would leave a copy on the stack.
    let mut secret = Secret::default();
    getrandom::fill(secret.as_mut()).map_err(KeysError::Randomness)?;
    Ok(secret)
}

/// Gives nonce, cipher text and tag as one; the nonce is drawn.
pub(super) fn encrypt(key: &Secret, bound_to: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeysError> {
    encrypt_under(key, random::<NONCE_BYTES>()?, bound_to, plain)
}

/// Like [`encrypt`], with a nonce made from the text and its place under a key of its own.
pub(super) fn encrypt_alike(
    key: &Secret,
    bound_to: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, KeysError> {
    let nonce_key = Zeroizing::new(mac(key.as_ref(), &[b"sira.nonce/v1"]));
    // The length keeps the place and the text apart.
    let length = (bound_to.len() as u64).to_le_bytes();
    let tag = mac(nonce_key.as_ref(), &[&length, bound_to, plain]);
    let nonce = *tag.first_chunk().ok_or(KeysError::NotAuthentic)?;
    encrypt_under(key, nonce, bound_to, plain)
}

pub(super) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(key);
    let mac = mac.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    let fed = parts.iter().fold(mac, Mac::chain_update);
    fed.finalize().into_bytes().into()
}

fn encrypt_under(
    key: &Secret,
    nonce: [u8; NONCE_BYTES],
    bound_to: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, KeysError> {
    let payload = Payload { msg: plain, aad: bound_to };
    let cipher_text = XChaCha20Poly1305::new(key.as_ref().into())
        .encrypt(&nonce.into(), payload)
        .map_err(|_| KeysError::TooLong { limit_bytes: MAX_PLAIN_BYTES })?;
    Ok([&nonce[..], &cipher_text].concat())
}

/// Opens what [`encrypt`] gave.
pub(super) fn decrypt(
    key: &Secret,
    bound_to: &[u8],
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let (nonce, cipher_text) =
        encrypted.split_first_chunk::<NONCE_BYTES>().ok_or(KeysError::NotAuthentic)?;
    let payload = Payload { msg: cipher_text, aad: bound_to };
    XChaCha20Poly1305::new(key.as_ref().into())
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .map_err(|_| KeysError::NotAuthentic)
}
