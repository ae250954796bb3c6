//! What is different between two states of a path.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::path::Beneficiary;
use sira_numbers::Position;
use sira_projections::case_status::case_status;
use uuid::Uuid;

/// What a state says of the stream rather than of the path: it differs after every event.
const OF_THE_STREAM: [&str; 5] = ["id", "reference", "version", "position", "recorded_at"];

/// One value that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Where: a JSON pointer (RFC 6901) into the status of the path.
    pub pointer: String,
    /// What was there; nothing when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What is there; nothing when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// A path's state without what is sealed and without what is of the stream.
#[must_use]
pub fn comparable(path: &Beneficiary) -> Value {
    let mut state = case_status(Uuid::nil(), Position::START, chrono::DateTime::UNIX_EPOCH, path);
    if let Some(fields) = state.as_object_mut() {
        fields.retain(|name, _| !OF_THE_STREAM.contains(&name.as_str()));
    }
    state
}

/// Every value that differs, in the order of the fields. Where only one side has a field, the whole of
/// it is one change.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(String::new(), before, after, &mut found);
    found
}

/// The names of the first-level fields that differ, as pointers.
#[must_use]
pub fn pointers(before: &Value, after: &Value) -> Vec<String> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return Vec::new() };
    let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differs = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    differs.map(|name| below("", name)).collect()
}

fn compare(pointer: String, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                compare_at(below(&pointer, name), old.get(name), new.get(name), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                let place = below(&pointer, &index.to_string());
                compare_at(place, old.get(index), new.get(index), found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            let (before, after) = (Some(before.clone()), Some(after.clone()));
            found.push(Change { pointer, before, after });
        }
    }
}

fn compare_at(
    pointer: String,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Change>,
) {
    match (before, after) {
        (Some(before), Some(after)) => compare(pointer, before, after, found),
        (before, after) => {
            found.push(Change { pointer, before: before.cloned(), after: after.cloned() });
        }
    }
}

fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_that_differs_is_named_once_by_its_pointer() {
        let before = json!({ "a": 1, "b": { "x~y": [1, 2], "z": 0 }, "gone": { "deep": 1 } });
        let after = json!({ "a": 1, "b": { "x~y": [1, 3, 4], "z": 0 }, "new/er": null });
        let told: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|change| (change.pointer, change.before, change.after))
            .collect();
        let expected = [
            ("/b/x~0y/1", Some(json!(2)), Some(json!(3))),
            ("/b/x~0y/2", None, Some(json!(4))),
            ("/gone", Some(json!({ "deep": 1 })), None),
            ("/new~1er", None, Some(Value::Null)),
        ];
        assert_eq!(told, expected.map(|(pointer, old, new)| (pointer.to_owned(), old, new)));
        assert_eq!(changes(&after, &after), []);
        assert_eq!(pointers(&before, &after), ["/b", "/gone", "/new~1er"]);
    }
}
