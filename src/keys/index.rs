//! The blind index's key: tokens by which people are looked up without opening anyone.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::PersonKey;
use super::aead::{Secret, mac};

/// Bytes of a token: enough that two terms never share one by chance.
pub const TOKEN_BYTES: usize = 16;

/// The key of the blind index. Cheap to clone.
///
/// Whoever has it and the index can try guesses (is this phone in there?), and no more: a token
/// cannot be read backwards, and nobody without the key can make one.
#[derive(Clone)]
pub struct IndexKey(Arc<Secret>);

impl IndexKey {
    pub(super) fn new(secret: Secret) -> Self {
        Self(Arc::new(secret))
    }

    /// The key of an epoch of the index.
    pub(super) fn of_epoch(key: &PersonKey) -> Self {
        Self::new(Zeroizing::new(mac(key.secret().as_ref(), &[b"sira.blind-index/v2"])))
    }

    /// The token of a term: HMAC-SHA256, cut. Terms of two kinds never share one.
    #[must_use]
    pub fn token(&self, kind: u8, term: &str) -> [u8; TOKEN_BYTES] {
        let whole = mac(self.0.as_slice(), &[&[kind], term.as_bytes()]);
        std::array::from_fn(|index| whole[index])
    }
}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use crate::keys::MasterKey;

    #[test]
    fn a_token_depends_on_master_key_kind_and_term() {
        let key = MasterKey::from_text(&"ab".repeat(32)).unwrap().index_key();
        let other = MasterKey::from_text(&"cd".repeat(32)).unwrap().index_key();
        let token = key.token(1, "70000001");
        assert_eq!(token, key.clone().token(1, "70000001"));
        for differing in
            [key.token(2, "70000001"), key.token(1, "70000002"), other.token(1, "70000001")]
        {
            assert_ne!(token, differing);
        }
        assert_eq!(format!("{key:?}"), "IndexKey(..)");
    }
}
