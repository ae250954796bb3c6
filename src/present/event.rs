//! An event as it is shown to one reader.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::STREAM_KINDS;
use sira_domain::reference::Language;
use sira_numbers::{Position, Sequence};

use super::{Opening, in_words, open_sealed};
use crate::journal::RecordedEvent;
use sira_evidence::leaf::{hex, time_text};

/// One event as the API shows it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub struct ShownEvent {
    /// Sequence in its stream, from 1.
    pub sequence: Sequence,
    /// Position in the journal, from 1.
    pub position: Position,
    /// Type.
    pub r#type: String,
    /// What the type is called in the reader's language.
    pub label: &'static str,
    /// Day of the fact.
    #[schemars(with = "chrono::NaiveDate")]
    pub occurred_on: Value,
    /// Time of recording.
    #[schemars(with = "chrono::DateTime<chrono::Utc>")]
    pub recorded_at: String,
    /// Who recorded it.
    #[schemars(with = "sira_domain::values::ActorId")]
    pub by: Value,
    /// Whether a later event retracted it.
    pub retracted: bool,
    /// The reason for which it was recorded later than the programme allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<sira_domain::reference::BackdatingReason>")]
    pub backdating_reason: Option<Value>,
    /// What happened, with what the reader may open in clear.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub fact: Value,
    /// The same in words, with its numbers and codes, and without what is sealed.
    pub in_words: String,
    /// What is known of the recording.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub metadata: Value,
    /// The event's leaf in the evidence, hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub leaf_hash: String,
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
    let in_words = in_words(&fact, language);
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
        backdating_reason: payload.get("backdating_reason").cloned(),
        fact,
        in_words,
        metadata: serde_json::from_str(&recorded.metadata).unwrap_or_default(),
        leaf_hash: hex(&recorded.leaf_hash),
    }
}

/// What a type of event is called.
#[must_use]
pub fn label_of(event_type: &str, language: Language) -> &'static str {
    let mut all = STREAM_KINDS.iter().flat_map(|kind| kind.facts);
    let known = all.find(|(name, ..)| *name == event_type);
    known.map_or("", |(_, _, fr, en)| match language {
        Language::Fr => fr,
        Language::En => en,
    })
}
