//! Limited, clean text.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

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

/// Whether a character is not seen where it stands: it has no width, or turns the direction of what comes
/// after it. With such characters two names look alike and are not, or one reads as another.
#[must_use]
pub const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A text in the one form that stands for all ways of typing it (Unicode NFKC): composed accents, plain
/// letters for full-width ones, plain spaces.
#[must_use]
pub fn one_form(text: &str) -> String {
    text.nfkc().collect()
}

/// What [`check_text`] asks of the characters, for those who read the schema: something to read, and
/// no control character but around it.
const ONE_LINE_PATTERN: &str = r"^\s*[^\s\u0000-\u001f\u007f-\u009f]([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?\s*$";

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
        json_schema!({
            "type": "string", "minLength": 1, "maxLength": MAX, "pattern": ONE_LINE_PATTERN
        })
    }
}
