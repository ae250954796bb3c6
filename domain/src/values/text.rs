//! Limited, clean text.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::ValueError;

/// Checks a one-line text: 1 to `max` characters once trimmed, no control character.
///
/// # Errors
/// [`ValueError`] with the rule `text_length` or `control_character`.
pub fn check_text(text: &str, max: usize) -> Result<&str, ValueError> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(ValueError::new("control_character", ""));
    }
    if text.is_empty() || text.chars().count() > max {
        return Err(ValueError::new("text_length", format!("1..{max}")));
    }
    Ok(text)
}

/// One line of text of 1 to `MAX` characters, trimmed, without control characters.
///
/// Not for anything that may name a person: that is [`super::Sealed`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(Box<str>);

impl<const MAX: usize> Text<MAX> {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// See [`check_text`].
    pub fn try_new(text: &str) -> Result<Self, ValueError> {
        check_text(text, MAX).map(|text| Self(text.into()))
    }

    /// The text, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::try_new(&text).map_err(serde::de::Error::custom)
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}
