//! How a path is shown: its state without anything sealed, its history with what the reader may
//! open.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::cohort::COHORT_FACTS;
use sira_domain::fund::FUND_FACTS;
use sira_domain::path::{Beneficiary, FACTS};
use sira_domain::programme::PROGRAMME_FACTS;
use sira_domain::reference::Language;
use sira_projections::case_status::{case_status, is_sealed};
use uuid::Uuid;

use crate::commands::Loaded;
use crate::journal::RecordedEvent;
use crate::journal::leaf::{hex, time_text};
use crate::keys::PersonKey;
use crate::stored::seal_context;

/// A path as the API shows it: nothing sealed, so the same bytes for everyone who may see it.
#[must_use]
pub fn show_path(id: Uuid, loaded: &Loaded<Beneficiary>) -> Bytes {
    loaded
        .shown
        .get_or_init(|| {
            Bytes::from(serde_json::to_vec(&path_value(id, loaded)).unwrap_or_default())
        })
        .clone()
}

/// A path as a JSON object.
#[must_use]
pub fn path_value(id: Uuid, loaded: &Loaded<Beneficiary>) -> Value {
    case_status(id, loaded.position, loaded.recorded_at, &loaded.state)
}

/// One event as the API shows it.
#[derive(Debug, Serialize)]
pub struct ShownEvent {
    /// Sequence in its stream, from 1.
    pub sequence: u64,
    /// Position in the journal, from 1.
    pub position: u64,
    /// Type.
    pub r#type: String,
    /// What the type is called in the reader's language.
    pub label: &'static str,
    /// Day of the fact.
    pub occurred_on: Value,
    /// Time of recording.
    pub recorded_at: String,
    /// Who recorded it.
    pub by: Value,
    /// Whether a later event retracted it.
    pub retracted: bool,
    /// What happened, with what the reader may open in clear.
    pub fact: Value,
    /// What is known of the recording.
    pub metadata: Value,
    /// The event's leaf in the evidence, hexadecimal.
    pub leaf_hash: String,
}

/// How sealed fields are shown to one reader.
pub struct Opening<'a> {
    /// The person's key; none when it is destroyed or the reader may open nothing.
    pub key: Option<&'a PersonKey>,
    /// The path.
    pub id: Uuid,
    /// Whether the reader may open a field.
    pub may_open: &'a dyn Fn(&str) -> bool,
}

/// Shows an event to one reader.
#[must_use]
pub fn show_event(
    recorded: &RecordedEvent,
    retracted: bool,
    language: Language,
    opening: &Opening,
) -> ShownEvent {
    let payload: Value = serde_json::from_str(&recorded.payload).unwrap_or_default();
    let mut fact = payload
        .get("fact")
        .and_then(|fact| fact.get(&recorded.event_type))
        .cloned()
        .unwrap_or_default();
    open_sealed(&mut fact, opening);
    let field = |name: &str| payload.get(name).cloned().unwrap_or_default();
    ShownEvent {
        sequence: recorded.sequence,
        position: recorded.position,
        r#type: recorded.event_type.clone(),
        label: label_of(&recorded.event_type, language),
        occurred_on: field("occurred_on"),
        recorded_at: time_text(recorded.recorded_at),
        by: field("by"),
        retracted,
        fact,
        metadata: serde_json::from_str(&recorded.metadata).unwrap_or_default(),
        leaf_hash: hex(&recorded.leaf_hash),
    }
}

/// What a type of event is called.
#[must_use]
pub fn label_of(event_type: &str, language: Language) -> &'static str {
    let all = FACTS.iter().chain(PROGRAMME_FACTS).chain(COHORT_FACTS).chain(FUND_FACTS);
    let known = all.into_iter().find(|(name, ..)| *name == event_type);
    known.map_or("", |(_, _, fr, en)| match language {
        Language::Fr => fr,
        Language::En => en,
    })
}

/// Opens what the reader may open; the rest stays as it is stored.
pub(crate) fn open_sealed(value: &mut Value, opening: &Opening) {
    let Value::Object(fields) = value else { return };
    for (name, field) in fields.iter_mut() {
        if !is_sealed(field) {
            open_sealed(field, opening);
        } else if let Some(plain) = open_field(name, field, opening) {
            *field = plain;
        }
    }
}

fn open_field(name: &str, field: &Value, opening: &Opening) -> Option<Value> {
    let key = opening.key.filter(|_| (opening.may_open)(name))?;
    let plain = key.open(&seal_context(opening.id, name), field.as_str()?).ok()?;
    if name == "identity" {
        return serde_json::from_slice(&plain).ok();
    }
    std::str::from_utf8(&plain).ok().map(Value::from)
}

/// The person's identity in clear.
#[must_use]
pub fn open_identity(id: Uuid, path: &Beneficiary, key: &PersonKey) -> Option<Map<String, Value>> {
    let sealed = path.state().identity.as_ref()?;
    let plain = key.open(&seal_context(id, "identity"), sealed.as_str()).ok()?;
    serde_json::from_slice(&plain).ok()
}
