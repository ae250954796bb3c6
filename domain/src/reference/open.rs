//! Lists that a programme may extend with codes of its own.

use std::sync::Arc;

use super::{Language, list};
use crate::values::{ValueError, text_value};

fn check(code: &str) -> Result<Arc<str>, ValueError> {
    let fits = (1..=40).contains(&code.len())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits { Ok(code.into()) } else { Err(ValueError::new("code_form", "[a-z0-9_]{1,40}")) }
}

/// A sector: an ISIC rev. 4 section (`A` to `U`), or a code of the programme's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectorCode(Arc<str>);

impl SectorCode {
    /// Checks and keeps a code.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(code: &str) -> Result<Self, ValueError> {
        if matches!(code.as_bytes(), [b'A'..=b'U']) {
            return Ok(Self(code.into()));
        }
        check(code).map(Self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is in the shipped list.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.label(Language::Fr).is_some()
    }

    /// What it is called; none for a programme's own.
    #[must_use]
    pub fn label(&self, language: Language) -> Option<&'static str> {
        list("sectors")
            .iter()
            .find(|entry| entry.code == &*self.0)
            .map(|entry| entry.label(language))
    }
}
text_value!(
    SectorCode,
    "([A-U]|[a-z0-9_]{1,40})",
    "A sector: ISIC rev. 4 section, or the programme's own."
);

/// A training module: one of the convention's, or a code of the programme's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleCode(Arc<str>);

impl ModuleCode {
    /// Checks and keeps a code.
    ///
    /// # Errors
    /// [`ValueError`] with the rule `code_form`.
    pub fn try_new(code: &str) -> Result<Self, ValueError> {
        check(code).map(Self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The modules of the shipped list.
    pub fn reference() -> impl Iterator<Item = Self> {
        list("modules").iter().map(|entry| Self(entry.code.into()))
    }

    /// What it is called; none for a programme's own.
    #[must_use]
    pub fn label(&self, language: Language) -> Option<&'static str> {
        list("modules")
            .iter()
            .find(|entry| entry.code == &*self.0)
            .map(|entry| entry.label(language))
    }
}
text_value!(ModuleCode, "[a-z0-9_]{1,40}", "A training module.");
