//! What a form calls the fields of a command and the values that a field may take, in French and in
//! English, and the list that a coded field takes its values from.
//!
//! Types are named as the JSON Schema of a command names them, so that whoever walks a schema finds
//! the label of each property by the schema that it stands in.

mod fields;
mod record;
mod values;

use crate::reference::Language;

/// A few words in both languages.
type Words = (&'static str, &'static str);

const fn in_language((fr, en): Words, language: Language) -> &'static str {
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

/// The label of a field of the body or part of a body named `owner`, as on a form: a few words without
/// a full stop. None for a field that no command has.
#[must_use]
pub fn field_label(owner: &str, field: &str, language: Language) -> Option<&'static str> {
    fields::find(owner, field).map(|words| in_language(words, language))
}

/// The label of a value of the enumerated type `owner`: a code of a reference list or a word of the
/// domain's own. None for a type without a fixed list, and for a value that is not in it.
#[must_use]
pub fn value_label(owner: &str, value: &str, language: Language) -> Option<&'static str> {
    values::find(owner, value).map(|words| in_language(words, language))
}

/// The label of a field of a stored fact, where the body that it stands in is not known. A field of a
/// command has one by the label of the form; none for a field that no fact has.
#[must_use]
pub fn record_label(field: &str, language: Language) -> Option<&'static str> {
    record::field(field).map(|words| in_language(words, language))
}

/// What a code in a field of a stored fact means; none when it is no code, as in a text that somebody
/// typed.
#[must_use]
pub fn record_value(field: &str, code: &str, language: Language) -> Option<&'static str> {
    record::value(field, code).map(|words| in_language(words, language))
}

/// The name of the reference list from which a field of the type `owner` takes its values; a
/// programme may add its own to `sectors` and `modules`. None for a type without a list.
#[must_use]
pub fn list_of(owner: &str) -> Option<&'static str> {
    values::LISTS.iter().find(|(name, _)| *name == owner).map(|(_, list)| *list)
}
