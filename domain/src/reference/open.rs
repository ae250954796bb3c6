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

    /// The code as a text.
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

    /// The code as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The modules of the shipped list.
    pub fn reference() -> impl Iterator<Item = Self> {
        list("modules").iter().map(|entry| Self(entry.code.into()))
    }

    /// Whether it is in the shipped list.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.label(Language::Fr).is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programme_may_have_codes_of_its_own() {
        for code in ["A", "U", "poultry", &"a".repeat(40)] {
            assert_eq!(SectorCode::try_new(code).unwrap().as_str(), code);
        }
        for code in ["", "V", "AB", "Poultry", "pou ltry", "volaille_é", &"a".repeat(41)] {
            assert!(SectorCode::try_new(code).is_err(), "{code}");
        }
        assert!(ModuleCode::try_new("A").is_err());
    }

    #[test]
    fn a_code_of_a_programmes_own_has_no_label() {
        let (shipped, own): (SectorCode, SectorCode) =
            serde_json::from_str("[\"A\", \"poultry\"]").unwrap();
        assert!(shipped.is_reference() && !own.is_reference());
        assert_eq!(own.label(Language::En), None);
        assert!(ModuleCode::reference().all(|module| module.is_reference()));
    }
}
