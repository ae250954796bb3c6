//! Schemas of command bodies, and what is done to the document's schemas once all are known.

use std::collections::BTreeSet;

use schemars::{JsonSchema as _, SchemaGenerator};
use serde_json::{Map, Value, json};
use sira_domain::catalogue::CommandEntry;
use sira_domain::reference::BackdatingReason;

use super::labels;

const SCHEMAS: &str = "#/components/schemas/";
/// The form of a free text, which is sealed before it is stored.
const SEALED: &str = "FreeText";

/// The name of the schema of a command's body: `AddNoteCommand` for `add-note`.
#[must_use]
pub fn body_name(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    let parts: String = word.split('-').filter_map(capital).collect();
    format!("{parts}Command")
}

/// The schema of a command's body: its own fields, and the day of the fact, which every command takes.
#[must_use]
pub fn of_command(entry: &CommandEntry, generator: &mut SchemaGenerator) -> Value {
    let mut schema = Value::from((entry.schema)(generator));
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).map(str::to_owned);
    let name = name.unwrap_or_default();
    if let Some(definition) = generator.definitions().get(&name) {
        schema = definition.clone();
    }
    let day = json!({ "type": "string", "format": "date", "description": "The day on which it happened; today when left out." });
    schema["properties"]["occurred_on"] = day;
    let mut reason = Value::from(BackdatingReason::json_schema(generator));
    reason["description"] =
        "The reason for which the fact is recorded later than the programme allows.".into();
    schema["properties"]["backdating_reason"] = reason;
    if entry.word == "register" {
        may_be_told_by_birth_date(&mut schema);
    }
    labels::add(&name, &mut schema);
    schema
}

/// The year of an exact birth date fills a year that is left out.
fn may_be_told_by_birth_date(schema: &mut Value) {
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| name != "birth_year");
    }
    let about = &mut schema["properties"]["birth_year"]["description"];
    *about = format!(
        "{} May be left out when the identity has a birth date, and must agree with it otherwise.",
        about.as_str().unwrap_or_default()
    )
    .into();
}

/// Takes what is sealed out of an answer and of everything that it holds: those are the forms of bodies, in
/// which free text comes in clear; an answer never has it. A form that other operations take as it is stays,
/// and the answer has its own, `Shown<Name>`.
pub fn without_sealed(schemas: &mut Map<String, Value>, answer: &str) {
    let mut held = BTreeSet::from([answer.to_owned()]);
    loop {
        let mut found = held.clone();
        held.iter()
            .filter_map(|name| schemas.get(name))
            .for_each(|one| references(one, &mut found));
        if found.len() == held.len() {
            break;
        }
        held = found;
    }
    held.remove(SEALED);
    let refers = |schema: &Value, names: &BTreeSet<String>| {
        let mut used = BTreeSet::new();
        references(schema, &mut used);
        !used.is_disjoint(names)
    };
    let mut own = BTreeSet::from([SEALED.to_owned()]);
    loop {
        let more = held.iter().filter(|name| refers(&schemas[*name], &own)).cloned();
        let all: BTreeSet<_> = own.iter().cloned().chain(more).collect();
        if all.len() == own.len() {
            break;
        }
        own = all;
    }
    own.remove(SEALED);
    own.remove(answer);
    for name in own.iter().map(String::as_str).chain([answer]) {
        let mut schema = schemas[name].clone();
        drop_sealed(&mut schema);
        rename(&mut schema, &own);
        let name = if name == answer { name.to_owned() } else { format!("Shown{name}") };
        schemas.insert(name, schema);
    }
}

/// Takes the fields that are sealed out of a schema.
fn drop_sealed(schema: &mut Value) {
    let mut dropped = Vec::new();
    if let Some(fields) = schema["properties"].as_object_mut() {
        fields.retain(|name, field| {
            let mut used = BTreeSet::new();
            references(field, &mut used);
            let is_sealed = used.contains(SEALED);
            if is_sealed {
                dropped.push(name.clone());
            }
            !is_sealed
        });
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !dropped.iter().any(|field| name == field));
    }
}

fn rename(value: &mut Value, own: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                let name = reference.strip_prefix(SCHEMAS).filter(|name| own.contains(*name));
                if let Some(name) = name.map(|name| format!("{SCHEMAS}Shown{name}")) {
                    *reference = name;
                }
            }
            fields.values_mut().for_each(|field| rename(field, own));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, own)),
        _ => {}
    }
}

/// Writes a map whose keys have one form as one that has any: client generators know no other.
pub fn plain_maps(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(patterns)) = fields.get("patternProperties")
                && patterns.len() == 1
            {
                let of = patterns.values().next().cloned().unwrap_or_default();
                fields.remove("patternProperties");
                fields.insert("additionalProperties".to_owned(), of);
            }
            fields.values_mut().for_each(plain_maps);
        }
        Value::Array(items) => items.iter_mut().for_each(plain_maps),
        _ => {}
    }
}

/// Drops the schemas that nothing refers to: those of bodies that stand in their operations' own.
pub fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(name) = fields.get("$ref").and_then(Value::as_str) {
                used.extend(name.strip_prefix(SCHEMAS).map(str::to_owned));
            }
            fields.values().for_each(|field| references(field, used));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, used)),
        _ => {}
    }
}

/// Writes a list of anything as generators of clients read it: `{}` where JSON Schema would also take `true`.
pub fn anything_as_an_object(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(items) = fields.get_mut("items").filter(|items| items.is_boolean()) {
                *items = Value::Object(serde_json::Map::new());
            }
            fields.values_mut().for_each(anything_as_an_object);
        }
        Value::Array(list) => list.iter_mut().for_each(anything_as_an_object),
        _ => {}
    }
}
