//! Upcasters: how a stored event of an older version is read as the present one.
//!
//! A stored event is never rewritten. When its form changes, the type gets a new version, the old
//! golden file stays, and an upcaster here turns the old payload into the new one on reading.

use std::sync::LazyLock;

use cqrs_es::persist::{EventUpcaster, SemanticVersionEventUpcaster};
use serde_json::{Map, Value, json};

/// Every upcaster, oldest first: they apply one after the other.
pub static UPCASTERS: LazyLock<Vec<Box<dyn EventUpcaster>>> = LazyLock::new(upcasters);

/// The upcasters as the repositories of `cqrs-es` take them.
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    vec![
        Box::new(SemanticVersionEventUpcaster::new("Registered", "2.0", Box::new(registered_v2))),
        Box::new(SemanticVersionEventUpcaster::new("RulesSet", "2.0", Box::new(rules_v2))),
    ]
}

/// `RulesSet` 1.0 came before rules could say how long data are kept: they said nothing of it, and a rule
/// that is left out keeps data for as long as the programme wants. So nothing is added; the version
/// tells an older program that it does not know all that newer rules may say.
fn rules_v2(payload: Value) -> Value {
    payload
}

/// `Registered` 1.0 came before the way of intake was asked: all of those people answered an open
/// call, and had given their consent on paper under the text of the time.
fn registered_v2(mut payload: Value) -> Value {
    if let Some(body) = payload.pointer_mut("/fact/Registered").and_then(Value::as_object_mut) {
        put_if_missing(body, "intake", json!("open_call"));
        put_if_missing(body, "channel", json!("office"));
    }
    payload
}

fn put_if_missing(body: &mut Map<String, Value>, field: &str, value: Value) {
    if !body.contains_key(field) {
        body.insert(field.to_owned(), value);
    }
}

/// Says whether a stored event needs an upcaster before it is read.
#[must_use]
pub fn is_outdated(event_type: &str, event_version: &str) -> bool {
    UPCASTERS.iter().any(|upcaster| upcaster.can_upcast(event_type, event_version))
}
