//! Sealed values: personal data and free text, which the domain carries and never reads.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::ValueError;
use crate::identity::{Identity, IdentityAmendment};

/// The beginning of every sealed text; the key's id and the cipher text follow.
pub const SEALED_PREFIX: &str = "sealed:v1:";
/// The longest free text taken, in characters: about two pages.
pub const FREE_TEXT_MAX_CHARS: usize = 4_000;

/// The id of a person's data key in the key store.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct KeyId(pub Uuid);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// What [`check_free_text`] asks of the characters, for those who read the schema: something to read,
/// and no control character but line ends and tabs.
const FREE_TEXT_PATTERN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// Checks a free text before it is sealed: 1 to [`FREE_TEXT_MAX_CHARS`] characters once trimmed, no
/// control character but line ends and tabs.
///
/// # Errors
/// [`ValueError`] with the rule `text_length` or `control_character`.
pub fn check_free_text(text: &str) -> Result<&str, ValueError> {
    let text = text.trim();
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err(ValueError::new("control_character", ""));
    }
    if text.is_empty() || text.chars().count() > FREE_TEXT_MAX_CHARS {
        return Err(ValueError::new("text_length", format!("1..{FREE_TEXT_MAX_CHARS}")));
    }
    Ok(text)
}

/// A free text sealed under the person's data key. The domain cannot open it, and refuses to carry
/// one that is not sealed: a plain text cannot reach the journal by mistake.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Sealed(Box<str>);

impl Sealed {
    /// Keeps a text that has the form of a sealed one.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `sealed_form`.
    pub fn try_new(text: &str) -> Result<Self, ValueError> {
        match key_of(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(ValueError::new("sealed_form", "")),
        }
    }

    /// The sealed text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that it is sealed under.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        key_of(&self.0)
    }
}

fn key_of(text: &str) -> Option<KeyId> {
    let (key, cipher_text) = text.strip_prefix(SEALED_PREFIX)?.split_once(':')?;
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if cipher_text.is_empty() || !cipher_text.bytes().all(is_base64url) {
        return None;
    }
    Uuid::try_parse(key).ok().map(KeyId)
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::try_new(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Sealed {
    fn schema_name() -> Cow<'static, str> {
        "FreeText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Free text. It is sealed under the person's own key before it is stored.",
            "type": "string", "minLength": 1, "maxLength": FREE_TEXT_MAX_CHARS,
            "pattern": FREE_TEXT_PATTERN
        })
    }
}

/// A person's [`Identity`], sealed as one text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedIdentity(pub Sealed);

impl JsonSchema for SealedIdentity {
    fn schema_name() -> Cow<'static, str> {
        "Identity".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// Callers send the identity in clear over TLS; it is sealed at the edge.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Identity>()
    }
}

/// What changes in a person's [`IdentityAmendment`]; the edge puts it into the identity that stands, and
/// seals the whole of that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AmendedIdentity(pub Sealed);

impl JsonSchema for AmendedIdentity {
    fn schema_name() -> Cow<'static, str> {
        "IdentityAmendment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// Callers send the changes in clear over TLS.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<IdentityAmendment>()
    }
}
