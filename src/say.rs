//! Messages for people, in French and English.

use sira_domain::reference::Language;

/// Says things in one language.
#[derive(Clone, Copy, Debug)]
pub struct Say(pub Language);

impl Say {
    /// One of two sentences.
    #[must_use]
    pub fn pick<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    /// Prints one of two sentences to standard error, where logs and progress go.
    pub fn note(self, fr: &str, en: &str) {
        eprintln!("{}", self.pick(fr, en));
    }
}
