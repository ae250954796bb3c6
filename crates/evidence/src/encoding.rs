//! Hashes as text: base 64, as C2SP writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::merkle::Hash;

/// A hash as text.
#[must_use]
pub fn encode(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// The hashes of a proof as texts.
#[must_use]
pub fn encode_all(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(encode).collect()
}

/// The hash of a text; none when it is not one.
#[must_use]
pub fn decode(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The hashes of a proof; none when one of them is not.
#[must_use]
pub fn decode_all(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| decode(text)).collect()
}
