//! A person's data key: sealing texts and opening them.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sira_domain::values::{KeyId, SEALED_PREFIX};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::KeysError;
use super::aead::{OVERHEAD_BYTES, Secret, decrypt, encrypt_alike, random_secret};

/// The longest text that is sealed, in bytes: four times the longest free text of the domain.
pub const MAX_PLAIN_BYTES: usize = 65_536;

/// Plain texts are filled up to a multiple of this, so that the length of a name does not show.
const BUCKET_BYTES: usize = 64;
/// Before the plain text stands its length, little-endian.
const LENGTH_BYTES: usize = 4;

/// The key of one person. Cheap to clone; its bytes are zeroed when the last clone is dropped.
///
/// Hold one for as long as a request, not longer: a key that was destroyed meanwhile still opens what
/// it sealed for whoever holds it.
#[derive(Clone)]
pub struct PersonKey {
    id: KeyId,
    // Shared, so that the cache, the stock and the callers hold the bytes once.
    secret: Arc<Secret>,
}

impl PersonKey {
    pub(super) fn new(id: KeyId, secret: Secret) -> Self {
        Self { id, secret: Arc::new(secret) }
    }

    /// A key that no store knows: for a rehearsal, whose sealed texts go nowhere.
    ///
    /// # Errors
    /// [`KeysError::Randomness`].
    pub fn throwaway() -> Result<Self, KeysError> {
        Ok(Self::new(KeyId(Uuid::now_v7()), random_secret()?))
    }

    /// The id, which the sealed texts carry.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals a text for one place, such as `beneficiary/<uuid>/identity`: it opens there and nowhere
    /// else. The same text seals alike in the same place, and in no other.
    ///
    /// # Errors
    /// [`KeysError::TooLong`] over [`MAX_PLAIN_BYTES`].
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<String, KeysError> {
        let encrypted = encrypt_alike(&self.secret, &bound_to(context), &pad(plain)?)?;
        let mut sealed = prefix(self.id);
        URL_SAFE_NO_PAD.encode_string(encrypted, &mut sealed);
        Ok(sealed)
    }

    /// Opens a text sealed by [`PersonKey::seal`] for the same place.
    ///
    /// # Errors
    /// [`KeysError::NotAuthentic`] when the place, the key or a single bit differs.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let encoded = sealed.strip_prefix(&prefix(self.id)).ok_or(KeysError::NotAuthentic)?;
        let encrypted = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeysError::NotAuthentic)?;
        unpad(&decrypt(&self.secret, &bound_to(context), &encrypted)?)
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The key that a sealed text names; `None` when the text has not exactly the form that
/// [`PersonKey::seal`] gives. Whether it is authentic, only opening it tells.
#[must_use]
pub fn key_id_of(sealed: &str) -> Option<KeyId> {
    let (id, encoded) = sealed.strip_prefix(SEALED_PREFIX)?.split_once(':')?;
    let id = KeyId(Uuid::try_parse(id).ok()?);
    // A UUID has several spellings; only the one that is written here is taken.
    let is_ours = sealed.starts_with(&prefix(id));
    let encrypted_bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?.len();
    (is_ours && encrypted_bytes >= OVERHEAD_BYTES + BUCKET_BYTES).then_some(id)
}

fn prefix(id: KeyId) -> String {
    format!("{SEALED_PREFIX}{id}:")
}

fn bound_to(context: &str) -> Vec<u8> {
    format!("sira.sealed/v1\n{context}").into_bytes()
}

fn pad(plain: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let too_long = KeysError::TooLong { limit_bytes: MAX_PLAIN_BYTES };
    let length = match u32::try_from(plain.len()) {
        Ok(length) if plain.len() <= MAX_PLAIN_BYTES => length,
        _ => return Err(too_long),
    };
    let padded_bytes = (LENGTH_BYTES + plain.len()).next_multiple_of(BUCKET_BYTES);
    // Full capacity at once: growing would leave the plain text behind in freed memory.
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_bytes));
    padded.extend_from_slice(&length.to_le_bytes());
    padded.extend_from_slice(plain);
    padded.resize(padded_bytes, 0);
    Ok(padded)
}

fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let (length, rest) =
        padded.split_first_chunk::<LENGTH_BYTES>().ok_or(KeysError::NotAuthentic)?;
    usize::try_from(u32::from_le_bytes(*length))
        .ok()
        .and_then(|length| rest.get(..length))
        .map(|plain| Zeroizing::new(plain.to_vec()))
        .ok_or(KeysError::NotAuthentic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::aead::random_secret;

    const NAME: &str = "beneficiary/0190/name";

    fn key(id: u128) -> PersonKey {
        PersonKey::new(KeyId(Uuid::from_u128(id)), random_secret().unwrap())
    }

    #[test]
    fn a_sealed_text_opens_with_its_key_and_context() {
        let key = key(1);
        for plain in ["", "Awa", &"é".repeat(2_000)] {
            let sealed = key.seal(NAME, plain.as_bytes()).unwrap();
            assert_eq!(key.open(NAME, &sealed).unwrap().as_slice(), plain.as_bytes());
            assert!(sira_domain::values::Sealed::try_new(&sealed).is_ok());
        }
    }

    #[test]
    fn a_sealed_text_does_not_open_in_another_context() {
        let key = key(1);
        let sealed = key.seal(NAME, b"Awa").unwrap();
        for context in
            ["", "beneficiary/0190/phone", "beneficiary/0191/name", "beneficiary/0190/name "]
        {
            assert!(matches!(key.open(context, &sealed), Err(KeysError::NotAuthentic)));
        }
    }

    #[test]
    fn a_sealed_text_does_not_open_with_another_key() {
        let sealed = key(1).seal(NAME, b"Awa").unwrap();
        let same_id_other_secret = key(1);
        for other in [same_id_other_secret, key(2)] {
            assert!(matches!(other.open(NAME, &sealed), Err(KeysError::NotAuthentic)));
        }
    }

    #[test]
    fn a_flipped_bit_is_refused_wherever_it_is() {
        let key = key(1);
        let sealed = key.seal(NAME, b"Awa").unwrap();
        for index in 0..sealed.len() {
            for bit in 0..7 {
                let mut bytes = sealed.clone().into_bytes();
                bytes[index] ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert!(key.open(NAME, &altered).is_err(), "byte {index}, bit {bit}");
            }
        }
    }

    #[test]
    fn a_shortened_or_lengthened_text_is_refused() {
        let key = key(1);
        let sealed = key.seal(NAME, b"Awa").unwrap();
        for end in 0..sealed.len() {
            assert!(key.open(NAME, &sealed[..end]).is_err());
        }
        assert!(key.open(NAME, &format!("{sealed}A")).is_err());
        assert!(key.open(NAME, &format!("{sealed}=")).is_err());
    }

    #[test]
    fn a_text_seals_alike_in_its_place_and_nowhere_else() {
        let (key, other) = (key(1), key(2));
        let sealed = key.seal(NAME, b"Awa").unwrap();
        assert_eq!(sealed, key.seal(NAME, b"Awa").unwrap());
        let body = |sealed: &str| sealed.rsplit(':').next().unwrap()[..32].to_owned();
        assert_ne!(body(&sealed), body(&key.seal("elsewhere", b"Awa").unwrap()));
        assert_ne!(body(&sealed), body(&key.seal(NAME, b"Ada").unwrap()));
        assert_ne!(body(&sealed), body(&other.seal(NAME, b"Awa").unwrap()));
    }

    #[test]
    fn texts_of_one_bucket_have_one_length() {
        let key = key(1);
        let length = |bytes: usize| key.seal(NAME, &vec![b'a'; bytes]).unwrap().len();
        assert_eq!(length(0), length(60));
        assert_eq!(length(2), length(25));
        assert!(length(61) > length(60));
        assert_eq!(length(61), length(124));
    }

    #[test]
    fn a_text_over_the_limit_is_refused() {
        let key = key(1);
        assert!(key.seal(NAME, &vec![0; MAX_PLAIN_BYTES]).is_ok());
        let refused = key.seal(NAME, &vec![0; MAX_PLAIN_BYTES + 1]);
        assert!(matches!(refused, Err(KeysError::TooLong { limit_bytes: MAX_PLAIN_BYTES })));
    }

    #[test]
    fn a_sealed_text_names_its_key_in_one_spelling_only() {
        let key = key(0x0190_abcd);
        let sealed = key.seal(NAME, b"Awa").unwrap();
        assert_eq!(key_id_of(&sealed), Some(key.id()));
        let id = key.id().to_string();
        let others = [
            sealed.replace(&id, &id.to_uppercase()),
            sealed.replace(&id, &key.id().0.hyphenated().to_string()),
            sealed.replace("v1", "v2"),
            format!("sealed:v1:{id}:AAAA"),
            format!("sealed:v1:{id}:"),
            "Awa".to_owned(),
        ];
        for other in others {
            assert_eq!(key_id_of(&other), None, "{other}");
        }
    }

    #[test]
    fn debug_of_a_key_shows_its_id_alone() {
        let key = key(1);
        assert_eq!(format!("{key:?}"), format!("PersonKey {{ id: {:?}, .. }}", key.id()));
    }
}
