//! The two languages that people read here.

use std::fmt;
use std::str::FromStr;

/// A language for people; French unless they say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// The language of most readers here.
    #[default]
    Fr,
    /// The language of most funders.
    En,
}

/// A word that is no language here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fr, en")]
pub struct NotALanguage;

impl FromStr for Language {
    type Err = NotALanguage;

    fn from_str(word: &str) -> Result<Self, NotALanguage> {
        match word {
            "fr" => Ok(Self::Fr),
            "en" => Ok(Self::En),
            _ => Err(NotALanguage),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fr => "fr",
            Self::En => "en",
        })
    }
}
