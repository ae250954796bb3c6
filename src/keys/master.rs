//! The master key, which wraps every data key.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sira_domain::values::KeyId;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::aead::{Secret, decrypt, encrypt, mac, random_secret};
use super::{IndexKey, KeysError, PersonKey};

const HEX_DIGITS: usize = 64;

/// The key that wraps all others: 32 bytes, zeroed when dropped.
///
/// Whoever has it and the key store can open every person; whoever loses it has lost them all.
pub struct MasterKey(Secret);

impl MasterKey {
    /// Reads a key written as 64 hexadecimal digits, or in base64 (either alphabet, padded or not).
    /// White space around it is ignored.
    ///
    /// # Errors
    /// [`KeysError::MasterKeyForm`], which does not repeat the text.
    pub fn from_text(text: &str) -> Result<Self, KeysError> {
        let text = text.trim();
        let bytes = if text.len() == HEX_DIGITS { from_hex(text) } else { from_base64(text) };
        let bytes = bytes.ok_or(KeysError::MasterKeyForm)?;
        let mut secret = Secret::default();
        if bytes.len() != secret.len() {
            return Err(KeysError::MasterKeyForm);
        }
        secret.copy_from_slice(&bytes);
        Ok(Self(secret))
    }

    pub(super) fn random() -> Result<Self, KeysError> {
        Ok(Self(random_secret()?))
    }

    /// The form that [`MasterKey::from_text`] reads: 64 hexadecimal digits.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(HEX_DIGITS));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 0xf] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        text
    }

    /// Wraps a data key for its row.
    pub(super) fn wrap(&self, key: &PersonKey) -> Result<Vec<u8>, KeysError> {
        encrypt(&self.0, &bound_to_key(key.id()), key.secret().as_ref())
    }

    /// Unwraps the row of a data key.
    ///
    /// # Errors
    /// [`KeysError::Inconsistent`]: the store's check value has shown that the master key is the right
    /// one, so it is the row that was altered or moved.
    pub(super) fn unwrap(&self, id: KeyId, wrapped: &[u8]) -> Result<PersonKey, KeysError> {
        let damaged = || KeysError::Inconsistent { table: "person_keys", id: id.to_string() };
        let bytes = decrypt(&self.0, &bound_to_key(id), wrapped).map_err(|_| damaged())?;
        let mut secret = Secret::default();
        if bytes.len() != secret.len() {
            return Err(damaged());
        }
        secret.copy_from_slice(&bytes);
        Ok(PersonKey::new(id, secret))
    }

    /// A key for keyed names that outlive every epoch, made from this one. Members of the staff are named by
    /// it in exports; before the index of people had epochs, that was under it too.
    pub(super) fn index_key(&self) -> IndexKey {
        IndexKey::new(Zeroizing::new(mac(self.0.as_ref(), &[b"sira.blind-index/v1"])))
    }

    /// The key of the codes on papers: like the names of the staff, they are to be known for as long as the paper is.
    pub(super) fn paper_mark(&self, parts: &[&[u8]]) -> [u8; 32] {
        let key = Zeroizing::new(mac(self.0.as_ref(), &[b"sira.papers/v1"]));
        mac(key.as_ref(), parts)
    }

    /// A value by which a store knows its master key again.
    pub(super) fn check_value(&self, store: Uuid) -> Result<Vec<u8>, KeysError> {
        encrypt(&self.0, &bound_to_store(store), &[])
    }

    /// Whether a store's check value was made under this master key.
    pub(super) fn made(&self, store: Uuid, check_value: &[u8]) -> bool {
        decrypt(&self.0, &bound_to_store(store), check_value).is_ok()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// With the key's id, so that a row cannot be given to another key.
fn bound_to_key(id: KeyId) -> Vec<u8> {
    format!("sira.person-key/v1\n{id}").into_bytes()
}

fn bound_to_store(store: Uuid) -> Vec<u8> {
    format!("sira.key-store/v1\n{}", store.simple()).into_bytes()
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEX_DIGITS / 2));
    for pair in text.as_bytes().chunks_exact(2) {
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(bytes)
}

fn from_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> MasterKey {
        MasterKey(Zeroizing::new(std::array::from_fn(|index| u8::try_from(index * 8).unwrap())))
    }

    #[test]
    fn a_master_key_is_read_from_hexadecimal_and_from_base64() {
        let key = counting();
        let base64 = base64::engine::general_purpose::STANDARD.encode(key.0.as_ref());
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(key.0.as_ref());
        let upper = key.to_text().to_uppercase();
        for text in [key.to_text().as_str(), &upper, &base64, &url_safe, &format!(" {base64}\n")] {
            assert_eq!(*MasterKey::from_text(text).unwrap().0, *key.0);
        }
    }

    #[test]
    fn a_master_key_of_another_form_is_refused() {
        let short = "ab".repeat(31);
        let not_hex = "zz".repeat(32);
        let two_byte_letters = "é".repeat(32);
        for text in ["", "secret", &short, &not_hex, &two_byte_letters, &"A".repeat(42)] {
            let refused = MasterKey::from_text(text).unwrap_err();
            assert!(matches!(refused, KeysError::MasterKeyForm));
            assert!(text.is_empty() || !refused.to_string().contains(text));
        }
    }

    #[test]
    fn a_wrapped_key_unwraps_under_its_own_id_and_master_key_only() {
        let (master, id) = (counting(), KeyId(Uuid::from_u128(1)));
        let key = PersonKey::new(id, random_secret().unwrap());
        let wrapped = master.wrap(&key).unwrap();
        assert_eq!(**master.unwrap(id, &wrapped).unwrap().secret(), **key.secret());
        assert!(master.unwrap(KeyId(Uuid::from_u128(2)), &wrapped).is_err());
        assert!(MasterKey::random().unwrap().unwrap(id, &wrapped).is_err());
    }

    #[test]
    fn debug_of_a_master_key_shows_nothing() {
        assert_eq!(format!("{:?}", counting()), "MasterKey(..)");
    }
}
