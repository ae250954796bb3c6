//! A fact in words: its fields with their names and values, in the reader's language, for paper and for a line of a
//! history.
//!
//! What is sealed is left out, whoever reads: it stands in the fact where its reader may open it.

use serde_json::{Map, Value};
use sira_domain::labels::{record_label, record_value};
use sira_domain::reference::Language;

use crate::formats::written::whole;

/// Items of one list that are told: a ranked list has a thousand, and how many more there are is said.
const ITEMS_MAX: usize = 20;
/// The beginning of every text that is sealed.
const SEALED: &str = "sealed:";

/// What a stored fact says, beside what is sealed; nothing of one that says nothing else.
#[must_use]
pub fn in_words(fact: &Value, language: Language) -> String {
    match fact {
        Value::Object(fields) => Telling { language }.fields(fields),
        _ => String::new(),
    }
}

/// The same, line by line: what a field is called, and what it says.
#[must_use]
pub fn in_lines(fact: &Value, language: Language) -> Vec<(String, String)> {
    match fact {
        Value::Object(fields) => Telling { language }.lines(fields),
        _ => Vec::new(),
    }
}

struct Telling {
    language: Language,
}

impl Telling {
    const fn pick(&self, fr: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    fn lines(&self, fields: &Map<String, Value>) -> Vec<(String, String)> {
        // Ids of keys say nothing to a person.
        let told = fields.iter().filter(|(name, _)| *name != "keys").filter_map(|(name, value)| {
            let value = self.value(name, value)?;
            let label = record_label(name, self.language).unwrap_or(name);
            Some((label.to_owned(), value))
        });
        told.collect()
    }

    fn fields(&self, fields: &Map<String, Value>) -> String {
        let between = self.pick("\u{a0}: ", ": ");
        let told = self.lines(fields).into_iter();
        let told = told.map(|(label, value)| format!("{label}{between}{value}"));
        told.collect::<Vec<_>>().join(self.pick("\u{a0}; ", "; "))
    }

    /// A value; nothing where there is none, or it is sealed.
    fn value(&self, name: &str, value: &Value) -> Option<String> {
        match value {
            Value::Null => None,
            Value::Bool(flag) => Some(
                if *flag { self.pick("oui", "yes") } else { self.pick("non", "no") }.to_owned(),
            ),
            Value::Number(number) => Some(whole(&number.to_string(), self.language)),
            Value::String(text) if text.starts_with(SEALED) => None,
            Value::String(text) => {
                Some(record_value(name, text, self.language).unwrap_or(text).to_owned())
            }
            Value::Array(items) => {
                let told: Vec<_> = items
                    .iter()
                    .take(ITEMS_MAX)
                    .filter_map(|item| self.value(name, item))
                    .collect();
                let more = items.len().saturating_sub(ITEMS_MAX);
                let more = (more > 0).then(|| match self.language {
                    Language::Fr => format!("et {more} de plus"),
                    Language::En => format!("and {more} more"),
                });
                let all: Vec<_> = told.into_iter().chain(more).collect();
                (!all.is_empty()).then(|| all.join(", "))
            }
            Value::Object(fields) => {
                let told = self.fields(fields);
                (!told.is_empty()).then(|| format!("({told})"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payment_is_told_with_its_numbers() {
        let payment = json!({ "financing": 1, "tranche": 2, "amount": 300_000, "method": "mobile_money",
            "payment_reference": "OM-77" });
        let fr = in_words(&payment, Language::Fr);
        for told in ["Montant (francs CFA)\u{a0}: 300\u{202f}000", "OM-77", "Argent mobile"] {
            assert!(fr.to_lowercase().contains(&told.to_lowercase()), "{told}: {fr}");
        }
        let en = in_words(&payment, Language::En);
        assert!(en.contains("Amount (XOF): 300,000; "), "{en}");
    }

    #[test]
    fn what_is_sealed_or_empty_is_left_out() {
        let fact = json!({ "reason": "sealed:v1:00:AA", "ground": null, "keys": ["k"], "nested": { "note": "sealed:v1:0:A" },
            "schedule": [{ "due_on": "2024-01-01", "principal": 50_000, "interest": 0 }] });
        let told = in_words(&fact, Language::En);
        assert!(
            !told.contains("sealed") && !told.contains("keys") && !told.contains("nested"),
            "{told}"
        );
        assert!(told.contains("2024-01-01") && told.contains("50,000"), "{told}");
        assert_eq!(in_words(&json!({ "text": "sealed:v1:0:A" }), Language::Fr), "");
    }

    #[test]
    fn a_long_list_says_how_many_more_there_are() {
        let told = in_words(&json!({ "modules": vec!["leadership"; 25] }), Language::En);
        assert!(told.ends_with("and 5 more"), "{told}");
    }
}
