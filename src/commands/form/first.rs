//! The one fault that serde stopped at.

use serde_path_to_error::Segment;
use sira_domain::values::ValueError;

use super::rule::{FieldError, FormRule, Wanted};

/// Longest field name of a caller's own that is said back.
const FIELD_NAME_MAX_BYTES: usize = 40;

/// Whether a caller's own field name may be said back: one that looks like a field's. Anything else
/// may be a value that slipped into a name's place, and is not repeated.
pub(super) fn is_field_name(name: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=FIELD_NAME_MAX_BYTES).contains(&name.len()) && name.bytes().all(is_fit)
}

/// The field that serde could not read. Serde keeps no error of ours but its text, `rule(limit)`, and
/// that is all that is read here: anything else that serde says may quote the input, and is told by
/// its place alone. The schema, which is asked next, says what was wanted.
#[must_use]
pub fn first_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    let pointer = error.path().iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } if is_field_name(key) => format!("{pointer}/{key}"),
        Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => pointer,
    });
    let text = error.inner().to_string();
    // `from_value` and `from_slice` differ in whether a line and column follow.
    let text = text.split(" at line ").next().unwrap_or_default();
    let rule = text.split_once('(').filter(|(rule, _)| {
        *rule == "unknown_code" || ValueError::RULES.iter().any(|(known, _, _)| known == rule)
    });
    let rule = rule
        .map(|(rule, limit)| FormRule::of_value(rule, limit.strip_suffix(')').unwrap_or(limit)));
    FieldError { pointer, rule: rule.unwrap_or(FormRule::WrongType(Wanted::Described)) }
}
