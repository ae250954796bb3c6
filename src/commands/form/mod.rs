//! The form of a body: which fields there are, and what each may hold.
//!
//! A body that has its form is read by serde alone, which stops at the first fault. When it does
//! stop, the body is held against the JSON Schema of its type, and **every** wrong field is named
//! with the rule it breaks. A rule is a value ([`FormRule`]), never a sentence; `words` puts it into
//! French and English. No error repeats a value that may be personal.

mod check;
mod code;
mod first;
mod rule;
mod schema;
#[cfg(test)]
mod tests;
mod words;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sira_domain::reference::Language;

pub(super) use check::birth_fault;
pub use code::Nearest;
pub use first::first_error;
pub use rule::{CodeShape, FieldError, FormRule, Wanted};
pub use schema::Form;

/// Most wrong fields that one answer names: a list of thousands of wrong lines is told by its first.
pub const ERRORS_MAX: usize = 100;

/// Every wrong field of a body, in the order of their pointers; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// The wrong fields, each pointer once, at most [`ERRORS_MAX`].
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0
    }

    /// All of them in one line, each with its place.
    #[must_use]
    pub fn told(&self, language: Language) -> String {
        let told = |error: &FieldError| format!("{}: {}", error.pointer, error.detail(language));
        self.0.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    /// Each pointer once: what was found first of it stands.
    fn of(found: impl IntoIterator<Item = FieldError>) -> Self {
        let mut fields: Vec<FieldError> = found.into_iter().collect();
        fields.sort_by(|one, other| one.pointer.cmp(&other.pointer));
        fields.dedup_by(|later, kept| later.pointer == kept.pointer);
        // Within what is of the wrong type there is no field to speak of.
        let wrong: Vec<_> = fields
            .iter()
            .filter(|error| matches!(error.rule, FormRule::WrongType(_)))
            .map(|error| format!("{}/", error.pointer))
            .collect();
        fields.retain(|error| !wrong.iter().any(|around| error.pointer.starts_with(around)));
        fields.truncate(ERRORS_MAX);
        Self(fields)
    }
}

impl From<FieldError> for FormErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl Form {
    /// Reads a body whose schema says more than its type: every one is held against it. For bodies that
    /// are rare; a command is read by its type first, and explained when that fails.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn read<T: DeserializeOwned>(&self, body: Value) -> Result<T, FormErrors> {
        let found = check::check(self, &body);
        if !found.is_empty() {
            return Err(FormErrors::of(found));
        }
        serde_path_to_error::deserialize(body).map_err(|error| first_error(&error).into())
    }

    /// Every wrong field of a body of which some are known to be wrong: those that the schema finds,
    /// and those that are known.
    #[must_use]
    pub fn explain(&self, body: &Value, known: impl IntoIterator<Item = FieldError>) -> FormErrors {
        let mut found = check::check(self, body);
        for error in known {
            // A fault that is known by its place alone is the one that the schema has found there, or
            // near. One that our types name by its rule stands, unless the schema names the same rule,
            // and knows more of it.
            let is_named = if error.rule == FormRule::WrongType(Wanted::Described) {
                found.iter().any(|other| {
                    other.pointer.starts_with(&error.pointer)
                        || error.pointer.starts_with(&other.pointer)
                })
            } else {
                found
                    .iter()
                    .any(|other| other.pointer == error.pointer && other.rule() == error.rule())
            };
            if !is_named {
                found.insert(0, error);
            }
        }
        FormErrors::of(found)
    }
}
