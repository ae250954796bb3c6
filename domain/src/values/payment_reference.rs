//! The reference of a payment: one form for one payment, however it was typed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::{Text, ValueError, is_hidden};

/// Longest reference, in characters.
const MAX: usize = 60;

/// The reference of a payment, as an operator, a bank or a receipt book gives it.
///
/// It is kept and shown as it was typed. Two references are equal when they have the same
/// [`PaymentReference::form`]: `OM-2024-77`, `om-2024-77` and `OM‑2024‑77` with hyphens that do not
/// break are one payment, which must not be made twice.
#[derive(Clone)]
pub struct PaymentReference {
    typed: Text<MAX>,
    form: Box<str>,
}

impl PaymentReference {
    /// Checks and keeps a reference.
    ///
    /// # Errors
    /// See [`super::check_text`].
    pub fn try_new(typed: &str) -> Result<Self, ValueError> {
        Text::try_new(typed).map(Self::of)
    }

    fn of(typed: Text<MAX>) -> Self {
        let text = typed.as_str();
        // Nearly every reference is plain ASCII, which NFKC leaves as it is; a fold reads many.
        let form: String = if text.is_ascii() {
            text.split_ascii_whitespace().map(str::to_ascii_uppercase).collect()
        } else {
            text.nfkc().filter_map(formed).flatten().collect()
        };
        // A text of signs that have no form is its own.
        let form = if form.is_empty() { typed.as_str().to_owned() } else { form };
        Self { typed, form: form.into() }
    }

    /// The reference as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.typed.as_str()
    }

    /// The one form of it: compatible signs joined (NFKC), capitals, every hyphen and dash as `-`, and
    /// nothing that is not seen.
    #[must_use]
    pub fn form(&self) -> &str {
        &self.form
    }
}

/// What a sign leaves in the form; none when it leaves nothing.
fn formed(sign: char) -> Option<std::char::ToUppercase> {
    let is_unseen = sign.is_whitespace() || is_hidden(sign);
    let is_dash = matches!(
        sign,
        '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{58a}'
                | '\u{5be}'
                | '\u{1806}'
                | '\u{2e3a}'
                | '\u{2e3b}'
                | '\u{30fc}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
    );
    (!is_unseen).then(|| if is_dash { '-' } else { sign }.to_uppercase())
}

impl PartialEq for PaymentReference {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for PaymentReference {}

impl PartialOrd for PaymentReference {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PaymentReference {
    fn cmp(&self, other: &Self) -> Ordering {
        self.form.cmp(&other.form)
    }
}

impl Hash for PaymentReference {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.form.hash(state);
    }
}

impl fmt::Debug for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.typed, f)
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.typed, f)
    }
}

impl Serialize for PaymentReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.typed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PaymentReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self::of)
    }
}

impl JsonSchema for PaymentReference {
    fn schema_name() -> Cow<'static, str> {
        Text::<MAX>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Text::<MAX>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(typed: &str) -> String {
        PaymentReference::try_new(typed).unwrap().form().to_owned()
    }

    #[test]
    fn one_payment_has_one_form_however_it_is_typed() {
        let typed = [
            "OM-2024-77",
            "om-2024-77",
            " Om-2024-77 ",
            "OM\u{2011}2024\u{2011}77",
            "OM\u{2013}2024\u{2014}77",
            "OM\u{2212}2024\u{ff0d}77",
            "ＯＭ-2024-77",
            "OM -\u{a0}2024\u{202f}-\u{200b}77",
            "O\u{ad}M-2024-77\u{feff}",
        ];
        for typed in typed {
            assert_eq!(form(typed), "OM-2024-77", "{typed:?}");
        }
    }

    #[test]
    fn other_payments_have_other_forms() {
        let typed = ["OM-2024-77", "OM-2024-7", "OM-20247-7", "MO-2024-77", "OM/2024/77"];
        for (index, one) in typed.iter().enumerate() {
            assert!(typed[..index].iter().all(|other| form(other) != form(one)), "{one}");
        }
    }

    #[test]
    fn it_is_written_as_it_was_typed() {
        let read: PaymentReference = serde_json::from_str("\"om\u{2011}7\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"om\u{2011}7\"");
        assert_eq!((read.as_str(), read.form()), ("om\u{2011}7", "OM-7"));
        assert_eq!(form("\u{200b}"), "\u{200b}");
    }
}
