//! Which people a reader of a programme, a cohort or a fund is shown by id: those within reach. The others
//! are counted. Who reaches everything is shown all, and roles that see nobody are shown nobody.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sira_projections::lists::reached;
use uuid::Uuid;

use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::access::PATH_READERS;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;

/// Fields whose ids are of no person. Every other id may be one's, also of a kind of event that is not
/// known yet.
const OF_NO_PERSON: &[&str] = &["id", "event_id", "programme", "fund", "cohort", "request_id"];
/// Ids asked of the read side at once.
const IDS_AT_ONCE: usize = 500;

/// The ids that a reader may be shown; none for who may be shown all.
pub struct Veil(Option<HashSet<String>>);

impl Veil {
    /// Asks which of the people in a document are within the caller's reach, as they stand now. A path
    /// that the read side does not know yet is not shown.
    ///
    /// # Errors
    /// When the read side cannot be asked.
    pub async fn over(app: &App, caller: &Caller, shown: &[Value]) -> Result<Self, ApiError> {
        let sees_people = PATH_READERS.contains(&caller.grant.role);
        if sees_people && caller.grant.scope == Scope::All {
            return Ok(Self(None));
        }
        let mut within = HashSet::new();
        if sees_people {
            let mut ids = HashSet::new();
            for value in shown {
                collect(value, &mut ids);
            }
            let ids: Vec<String> = ids.into_iter().collect();
            let reach = caller.grant.scope.reach();
            for some in ids.chunks(IDS_AT_ONCE) {
                let found: HashMap<String, String> = reached(&app.read, &reach, some).await?;
                within.extend(found.into_keys());
            }
        }
        Ok(Self(Some(within)))
    }

    /// Tells whether the reader may be shown a person.
    pub fn shows(&self, who: uuid::Uuid) -> bool {
        self.0.as_ref().is_none_or(|within| within.contains(&who.to_string()))
    }

    /// Tells whether somebody in a document is out of the reader's reach.
    pub fn covers(&self, shown: &Value) -> bool {
        let mut covered = shown.clone();
        self.cover(&mut covered);
        covered != *shown
    }

    /// Takes the ids out that the reader may not be shown; beside a list or a table of people stands how
    /// many of them are out, in a field that is called like it and ends in `_out_of_reach`.
    pub fn cover(&self, shown: &mut Value) {
        if let Some(within) = &self.0 {
            cover(shown, within);
        }
    }
}

fn is_person(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

fn collect(value: &Value, ids: &mut HashSet<String>) {
    match value {
        Value::String(text) if is_person(text) => drop(ids.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_person(name) {
                    ids.insert(name.clone());
                }
                if !OF_NO_PERSON.contains(&name.as_str()) {
                    collect(field, ids);
                }
            }
        }
        _ => {}
    }
}

fn cover(value: &mut Value, within: &HashSet<String>) {
    match value {
        Value::String(text) if is_person(text) && !within.contains(text) => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(|item| cover(item, within)),
        Value::Object(fields) => cover_fields(fields, within),
        _ => {}
    }
}

fn cover_fields(fields: &mut Map<String, Value>, within: &HashSet<String>) {
    let mut counted = Vec::new();
    for (name, field) in fields.iter_mut() {
        if OF_NO_PERSON.contains(&name.as_str()) {
            continue;
        }
        let out = take_out(field, within);
        if out > 0 {
            counted.push((format!("{name}_out_of_reach"), Value::from(out)));
        }
        cover(field, within);
    }
    fields.extend(counted);
}

/// Takes people out of a list of ids or a table by id; how many.
fn take_out(field: &mut Value, within: &HashSet<String>) -> usize {
    let is_out = |text: &str| is_person(text) && !within.contains(text);
    match field {
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| !item.as_str().is_some_and(is_out));
            before - items.len()
        }
        Value::Object(table) => {
            let before = table.len();
            table.retain(|name, _| !is_out(name));
            before - table.len()
        }
        _ => 0,
    }
}
