//! What forms call the fields and the codes of the document's schemas, in French and English.

use serde_json::{Map, Value, json};
use sira_domain::labels::{field_label, list_of, value_label};
use sira_domain::reference::Language;

/// Adds to a schema what it is called: `x-label-fr` and `x-label-en` on each field, `x-list` where a field
/// or a type takes its values from a reference list, and `x-labels` for the values of a type with a fixed
/// list. `owner` is the type's name.
pub fn add(owner: &str, schema: &mut Value) {
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, field) in fields {
            let list = type_of(field).and_then(list_of);
            let Some(field) = field.as_object_mut() else { continue };
            for (key, language) in [("x-label-fr", Language::Fr), ("x-label-en", Language::En)] {
                if let Some(label) = field_label(owner, name, language) {
                    field.insert(key.to_owned(), label.into());
                }
            }
            if let Some(list) = list {
                field.insert("x-list".to_owned(), list.into());
            }
        }
    }
    let list = list_of(owner);
    let labels = value_labels(owner, schema);
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(list) = list {
        schema.insert("x-list".to_owned(), list.into());
    }
    if !labels.is_empty() {
        schema.insert("x-labels".to_owned(), labels.into());
    }
}

/// The labels of a type's values.
fn value_labels(owner: &str, schema: &Value) -> Map<String, Value> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let told = schema["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    let values = listed.chain(told).filter_map(Value::as_str);
    let label = |value: &str| {
        let label = |language| value_label(owner, value, language);
        let labels = json!({ "fr": label(Language::Fr)?, "en": label(Language::En)? });
        Some((value.to_owned(), labels))
    };
    values.filter_map(label).collect()
}

/// The name of a field's type: its own, that of what it may be beside nothing, or that of its items.
fn type_of(field: &Value) -> Option<&str> {
    let reference = field["$ref"]
        .as_str()
        .or_else(|| field["anyOf"][0]["$ref"].as_str())
        .or_else(|| field["items"]["$ref"].as_str());
    reference.and_then(|reference| reference.rsplit('/').next())
}
