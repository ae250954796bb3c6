//! From a JSON body to a typed command: the day is taken out, free text is checked and sealed, and
//! what is wrong is named by its field.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use sira_domain::identity::Identity;
use sira_domain::values::{ValueError, check_free_text};
use uuid::Uuid;

use super::CommandError;
use crate::keys::{KeysError, PersonKey};

/// A field that breaks a rule of form. Never carries the value, which may be personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {rule}({limit})")]
pub struct FormError {
    /// JSON pointer to the field (RFC 6901); empty for the whole body.
    pub pointer: String,
    /// The rule's own word: one of [`ValueError::RULES`], or `unknown_field`, `missing_field`,
    /// `wrong_type`, `unknown_code`.
    pub rule: String,
    /// What the rule asks for.
    pub limit: String,
}

impl FormError {
    /// A broken rule of one field.
    #[must_use]
    pub fn new(pointer: impl Into<String>, rule: &str, limit: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), rule: rule.to_owned(), limit: limit.into() }
    }

    fn of_value(pointer: &str, error: &ValueError) -> Self {
        Self::new(pointer, error.rule, error.limit.clone())
    }
}

/// Longest field name of a caller's own that is said back.
const FIELD_NAME_MAX_BYTES: usize = 40;

/// Whether a caller's own field name may be said back: one that looks like a field's. Anything else
/// may be a value that slipped into a name's place, and is not repeated.
fn is_field_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=FIELD_NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(is_fit)
}

/// What serde says of a body, as a form error: serde's own words quote the value, so only the parts
/// that cannot hold personal data are kept.
#[must_use]
pub fn read_form_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FormError {
    let pointer = pointer_of(error.path());
    let text = error.inner().to_string();
    // `from_value` and `from_slice` differ in whether a line and column follow.
    let text = text.split(" at line ").next().unwrap_or_default();
    let quoted = text.split('`').nth(1).unwrap_or_default();
    if text.starts_with("unknown field") {
        let parent = pointer
            .rsplit_once('/')
            .filter(|(_, last)| *last == quoted)
            .map_or(pointer.as_str(), |(parent, _)| parent);
        let pointer = if is_field_name(quoted) { format!("{parent}/{quoted}") } else { pointer };
        return FormError::new(pointer, "unknown_field", expected(text));
    }
    if text.starts_with("missing field") {
        return FormError::new(format!("{pointer}/{quoted}"), "missing_field", "");
    }
    if text.starts_with("unknown variant") {
        return FormError::new(pointer, "unknown_code", expected(text));
    }
    if text.starts_with("invalid type")
        || text.starts_with("invalid value")
        || text.starts_with("invalid length")
    {
        return FormError::new(pointer, "wrong_type", expected(text));
    }
    read_rule(&pointer, text)
}

/// A rule of one of our own types, shown as `rule(limit)`.
fn read_rule(pointer: &str, text: &str) -> FormError {
    let rule = text.split_once('(').and_then(|(rule, rest)| {
        let known =
            ValueError::RULES.iter().any(|(known, _, _)| *known == rule) || rule == "unknown_code";
        known.then(|| FormError::new(pointer, rule, rest.strip_suffix(')').unwrap_or(rest)))
    });
    // Anything else comes from a library and might quote the input: only its place is told.
    rule.unwrap_or_else(|| FormError::new(pointer, "wrong_type", ""))
}

fn expected(text: &str) -> String {
    text.rsplit_once("expected ")
        .map_or_else(String::new, |(_, expected)| expected.replace('`', ""))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } if is_field_name(key) => format!("{pointer}/{key}"),
        Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// Takes the day of the fact out of a body.
pub(super) fn take_day(body: &mut Map<String, Value>) -> Result<Option<NaiveDate>, FormError> {
    let Some(day) = body.remove("occurred_on") else { return Ok(None) };
    let form = || FormError::new("/occurred_on", "code_form", "YYYY-MM-DD");
    let day = day.as_str().ok_or_else(form)?;
    NaiveDate::parse_from_str(day, "%Y-%m-%d").map(Some).map_err(|_| form())
}

/// What a sealed text is bound to: it opens nowhere else.
#[must_use]
pub fn seal_context(id: Uuid, field: &str) -> String {
    format!("beneficiary/{id}/{field}")
}

/// Checks and seals the free texts of a body, in place.
pub(super) fn seal_texts(
    body: &mut Map<String, Value>,
    fields: &[&str],
    id: Uuid,
    key: &PersonKey,
) -> Result<(), CommandError> {
    for field in fields {
        let Some(value) = body.get_mut(*field).filter(|value| !value.is_null()) else { continue };
        let pointer = format!("/{field}");
        let text =
            value.as_str().ok_or_else(|| FormError::new(&pointer, "wrong_type", "a string"))?;
        let text = check_free_text(text).map_err(|error| FormError::of_value(&pointer, &error))?;
        *value = Value::String(key.seal(&seal_context(id, field), text.as_bytes())?);
    }
    Ok(())
}

/// Whether a body brings any of these texts.
pub(super) fn brings_any(body: &Map<String, Value>, fields: &[&str]) -> bool {
    fields.iter().any(|field| body.get(*field).is_some_and(|value| !value.is_null()))
}

/// Takes an identity out of a body and checks it. The year of an exact birth date fills a year that
/// is left out, and must agree with one that is given.
pub(super) fn take_identity(body: &mut Map<String, Value>) -> Result<Identity, FormError> {
    let value =
        body.remove("identity").ok_or_else(|| FormError::new("/identity", "missing_field", ""))?;
    let identity: Identity = serde_path_to_error::deserialize(value).map_err(|error| {
        let error = read_form_error(&error);
        FormError { pointer: format!("/identity{}", error.pointer), ..error }
    })?;
    if let Some(date) = identity.birth_date {
        let year = Value::from(chrono::Datelike::year(&date));
        match body.get("birth_year") {
            None | Some(Value::Null) => {
                body.insert("birth_year".to_owned(), year);
            }
            Some(given) if *given == year => {}
            Some(_) => {
                return Err(FormError::new(
                    "/birth_year",
                    "fields_disagree",
                    "identity/birth_date",
                ));
            }
        }
    }
    Ok(identity)
}

/// Seals a checked identity as one text.
pub(crate) fn seal_identity(
    identity: &Identity,
    id: Uuid,
    key: &PersonKey,
) -> Result<String, KeysError> {
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(identity).unwrap_or_default());
    key.seal(&seal_context(id, "identity"), &plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sira_domain::path::BeneficiaryCommand;

    fn error_of(word: &str, body: &str) -> FormError {
        let body = serde_json::from_str(body).unwrap();
        read_form_error(&BeneficiaryCommand::parse(word, body).unwrap().unwrap_err())
    }

    #[test]
    fn a_form_error_names_the_field_and_never_the_value() {
        let cases = [
            (r#"{"adviser":"awa","secret":"Personne"}"#, "/secret", "unknown_field"),
            (r#"{"adviser":"awa","Madame Personne":1}"#, "", "unknown_field"),
            (r"{}", "/adviser", "missing_field"),
            (r#"{"adviser":12345}"#, "/adviser", "wrong_type"),
            (r#"{"adviser":"Madame Personne"}"#, "/adviser", "code_form"),
        ];
        for (body, pointer, rule) in cases {
            let error = error_of("assign-adviser", body);
            assert_eq!((error.pointer.as_str(), error.rule.as_str()), (pointer, rule), "{body}");
            assert!(
                !error.to_string().contains("Personne") && !error.to_string().contains("12345")
            );
        }
    }

    #[test]
    fn a_nested_field_is_named_by_its_whole_path() {
        let body = r#"{"scores":[{"criterion":"motivation","score":101,"out_of":20}]}"#;
        let error = error_of("record-interview", body);
        assert_eq!(
            (error.pointer.as_str(), error.rule.as_str(), error.limit.as_str()),
            ("/scores/0/score", "number_range", "0..100")
        );
    }
}
