//! Where one path stands, without anything personal: the same for every reader.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sira_domain::path::Beneficiary;
use sira_domain::values::SEALED_PREFIX;
use sira_numbers::Position;
use uuid::Uuid;

/// The path as a JSON object: its id, reference and version, the position and time of its last
/// event, then its state. Sealed fields are left out.
#[must_use]
pub fn case_status(
    id: Uuid,
    position: Position,
    recorded_at: DateTime<Utc>,
    path: &Beneficiary,
) -> Value {
    let state = path.state();
    let mut shown = json!({
        "id": id,
        "reference": path.reference(),
        "version": path.version(),
        "position": position,
        "recorded_at": recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    });
    let mut rest = serde_json::to_value(state).unwrap_or_default();
    drop_sealed(&mut rest);
    if let (Some(shown), Value::Object(rest)) = (shown.as_object_mut(), rest) {
        shown.extend(rest);
    }
    shown
}

/// Whether a value is a sealed text.
#[must_use]
pub fn is_sealed(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(SEALED_PREFIX))
}

fn drop_sealed(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !is_sealed(field));
            fields.values_mut().for_each(drop_sealed);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_sealed),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_left_out_at_any_depth() {
        let mut value = json!({
            "plain": 1, "title": "sealed:v1:0:AA", "in": [{ "reason": "sealed:v1:0:AA", "on": "x" }]
        });
        drop_sealed(&mut value);
        assert_eq!(value, json!({ "plain": 1, "in": [{ "on": "x" }] }));
    }
}
