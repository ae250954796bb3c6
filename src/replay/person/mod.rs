//! Everything that is held about one person, for that person: what Mali's law 2013-015 lets them ask for.
//!
//! All that is sealed is opened. Members of the staff stand in it by their role and office, never by
//! their login: the person has a right to know who did and read what in which function, and the staff
//! have theirs to their own names; who it was is told by `access` and `activity` to those who watch. What
//! an erasure has destroyed is nothing here, in the place where it was.

mod models;
mod page;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::path::Beneficiary;
use sira_domain::programme::Programme;
use sira_domain::reference::Language;
use sira_domain::role::Role;
use sira_numbers::{Position, Sequence, Version};
use sira_projections::ReadStore;
use sira_projections::case_status::is_sealed;
use uuid::Uuid;

pub use page::page;

use super::history::{After, HistoryRules, programme_of, tell};
use super::readings::{action_label, readings_of};
use crate::commands::{CommandError, Commands, Loaded, stream_id};
use crate::keys::{FoundKey, PersonKey};
use crate::present::{Opening, open_sealed, path_value};
use sira_evidence::leaf::time_text;

/// Readings that are read at a time.
const READINGS_PER_STATEMENT: u32 = 1_000;
/// Fields that hold a login of the staff.
const OF_THE_STAFF: [&str; 2] = ["by", "adviser"];

/// Everything held about a person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    /// Id of the path.
    pub id: Uuid,
    /// Its reference for paper and phone.
    pub reference: Option<String>,
    /// When this was put together.
    pub made_at: String,
    /// Sequence of the path's last event.
    pub version: Version,
    /// Its position.
    pub position: Position,
    /// The programme that holds it.
    pub programme: Value,
    /// Day on which the personal data were erased, if they were.
    pub erased_on: Option<NaiveDate>,
    /// Name, phone, national id, birth date, address; nothing once erased.
    pub identity: Option<Map<String, Value>>,
    /// Where the path stands.
    pub status: Value,
    /// Other paths of the same person.
    pub links: Value,
    /// Consents given and withdrawn.
    pub consents: Vec<Value>,
    /// Documents handed in: names, sizes and hashes. Their bytes are given out by their own route.
    pub documents: Vec<Value>,
    /// Notes.
    pub notes: Vec<Value>,
    /// Grievances and their answers.
    pub grievances: Vec<Value>,
    /// Every event.
    pub events: Vec<HeldEvent>,
    /// The rules that they were judged by.
    pub rules: Vec<HistoryRules>,
    /// What the read models hold of the path, by table; of versions, those that stand.
    pub read_models: BTreeMap<&'static str, Vec<Value>>,
    /// Who read these data, newest first.
    pub readings: Vec<HeldReading>,
}

/// Somebody of the staff, by what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Function {
    /// Role.
    pub role: Option<Role>,
    /// What it is called.
    pub label: String,
    /// Office, where their token named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<String>,
}

/// An event with everything opened.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldEvent {
    /// Sequence in the path.
    pub sequence: Sequence,
    /// Position in the journal.
    pub position: Position,
    /// Type.
    pub r#type: String,
    /// What that is called.
    pub label: &'static str,
    /// Day of the fact.
    pub occurred_on: Value,
    /// When it was recorded.
    pub recorded_at: String,
    /// In which function it was recorded.
    pub by: Function,
    /// What happened.
    pub fact: Value,
    /// Whether it was taken back.
    pub retracted: bool,
    /// By which event, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retracted_by: Option<Value>,
    /// Version of the rules.
    pub rules_version: u32,
    /// Where the path stood after it.
    pub after: After,
}

/// A reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeldReading {
    /// When.
    pub at: String,
    /// In which role.
    pub role: String,
    /// What that role is called.
    pub role_label: String,
    /// What was read.
    pub action: String,
    /// What that is called.
    pub label: String,
}

/// Why it could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum HeldError {
    /// The journal or the key store failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] sira_projections::ReadError),
}

/// Puts together everything that is held about a person; nothing when there is no such path. To be
/// recorded as a reading first, by whoever asks.
///
/// # Errors
/// [`HeldError`].
pub async fn held(
    commands: &Commands,
    read: &ReadStore,
    id: Uuid,
    language: Language,
) -> Result<Option<Held>, HeldError> {
    let journal = commands.journal();
    let stream = stream_id::<Beneficiary>(id);
    let recorded = journal.read_stream(&stream, Version::ZERO).await.map_err(CommandError::from)?;
    if recorded.is_empty() {
        return Ok(None);
    }
    let path = Loaded::<Beneficiary>::fold(&recorded)?;
    let keys = keys_of(commands, &path).await?;
    let programme = programme_of(commands, &path.state).await?;
    let told =
        tell(&recorded, &programme, language, &Opening { key: None, id, may_open: &|_| false })?;
    let events: Vec<_> =
        told.events.into_iter().map(|event| held_event(event, id, &keys, language)).collect();
    let state = path.state.state();
    let identity =
        keys.iter().rev().find_map(|key| crate::present::open_identity(id, &path.state, key));
    let made_at = time_text(commands.clock().now());
    Ok(Some(Held {
        id,
        reference: state.registration.as_ref().map(|known| known.reference.to_string()),
        made_at,
        version: path.state.version(),
        position: path.position,
        programme: programme_value(&programme),
        erased_on: state.erased_on,
        identity,
        status: without_staff(path_value(id, &path)),
        links: serde_json::json!({ "continues_as": state.continues_as, "duplicates": state.duplicates }),
        consents: consents(&events),
        documents: of_types(&events, &["DocumentAttached"]),
        notes: of_types(&events, &["NoteAdded"]),
        grievances: of_types(&events, &["GrievanceLodged", "GrievanceResolved"]),
        events,
        rules: told.rules,
        read_models: models::rows_of(read, journal.id(), id).await?,
        readings: readings(commands, id, language).await?,
    }))
}

/// Every key that sealed something of the person's; none once they are erased.
async fn keys_of(
    commands: &Commands,
    path: &Loaded<Beneficiary>,
) -> Result<Vec<PersonKey>, CommandError> {
    let state = path.state.state();
    let mut keys = Vec::new();
    for key in state.keys.iter().filter(|_| !state.is_erased()) {
        match commands.keys().get(*key).await? {
            FoundKey::Key(key) => keys.push(key),
            FoundKey::Destroyed { .. } => {}
            // Lost, as after a restore: what it sealed is shown as sealed.
            FoundKey::Unknown => {
                tracing::error!(key = %key, "a person's key is missing: what it sealed stays sealed");
            }
        }
    }
    Ok(keys)
}

fn held_event(
    event: super::HistoryEvent,
    id: Uuid,
    keys: &[PersonKey],
    language: Language,
) -> HeldEvent {
    let open = |mut value: Value| {
        for key in keys {
            open_sealed(&mut value, &Opening { key: Some(key), id, may_open: &|_| true });
        }
        blank(&mut value);
        without_staff(value)
    };
    let shown = event.shown;
    let retracted_by = event.retracted_by.map(|retractor| {
        open(serde_json::json!({
            "sequence": retractor.sequence, "occurred_on": retractor.occurred_on,
            "recorded_at": retractor.recorded_at, "reason": retractor.reason,
        }))
    });
    HeldEvent {
        by: function(&shown.metadata, language),
        sequence: shown.sequence,
        position: shown.position,
        r#type: shown.r#type,
        label: shown.label,
        occurred_on: shown.occurred_on,
        recorded_at: shown.recorded_at,
        fact: open(shown.fact),
        retracted: shown.retracted,
        retracted_by,
        rules_version: event.rules_version,
        after: event.after,
    }
}

fn function(metadata: &Value, language: Language) -> Function {
    let role = metadata["role"].as_str().and_then(|role| role.parse::<Role>().ok());
    Function {
        role,
        label: role.map_or("-", |role| role.label(language)).to_owned(),
        office: metadata["office"].as_str().map(str::to_owned),
    }
}

/// Empties what stayed sealed: its key is destroyed.
fn blank(value: &mut Value) {
    match value {
        value if is_sealed(value) => *value = Value::Null,
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

/// Without the logins of the staff, at any depth.
fn without_staff(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !OF_THE_STAFF.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

fn programme_value(programme: &Programme) -> Value {
    let convention = programme.convention.as_ref();
    serde_json::json!({
        "name": convention.map(|convention| &convention.name),
        "parties": convention.map(|convention| &convention.parties),
        "data_protection_receipt":
            convention.and_then(|convention| convention.data_protection_receipt.as_ref()),
    })
}

/// The facts of some types, each with its sequence, its day and whether it was taken back.
fn of_types(events: &[HeldEvent], types: &[&str]) -> Vec<Value> {
    let chosen = events.iter().filter(|event| types.contains(&event.r#type.as_str()));
    chosen.map(|event| with_fact(event, &event.fact)).collect()
}

fn with_fact(event: &HeldEvent, fact: &Value) -> Value {
    let mut shown = serde_json::json!({
        "sequence": event.sequence, "type": event.r#type, "occurred_on": event.occurred_on,
        "retracted": event.retracted,
    });
    if let (Some(shown), Value::Object(fact)) = (shown.as_object_mut(), fact) {
        shown.extend(fact.clone());
    }
    shown
}

/// Consents stand in the registration, and in facts of their own.
fn consents(events: &[HeldEvent]) -> Vec<Value> {
    let told = events.iter().filter_map(|event| match event.r#type.as_str() {
        "Registered" => Some(with_fact(event, event.fact.get("consent")?)),
        "ConsentRecorded" | "ConsentWithdrawn" => Some(with_fact(event, &event.fact)),
        _ => None,
    });
    told.collect()
}

async fn readings(
    commands: &Commands,
    id: Uuid,
    language: Language,
) -> Result<Vec<HeldReading>, CommandError> {
    let (journal, stream) = (commands.journal(), stream_id::<Beneficiary>(id));
    let (mut readings, mut place) = (Vec::new(), None);
    loop {
        let found = readings_of(journal, &stream, place.as_ref(), READINGS_PER_STATEMENT).await?;
        readings.extend(found.iter().map(|reading| {
            let role = reading.role.parse::<Role>();
            HeldReading {
                at: time_text(reading.at.0),
                role: reading.role.clone(),
                role_label: role.map_or("-", |role| role.label(language)).to_owned(),
                action: reading.action.clone(),
                label: action_label(&reading.action, language).to_owned(),
            }
        }));
        // A full page may be the last one; the next is then empty.
        match found.last().filter(|_| found.len() == READINGS_PER_STATEMENT as usize) {
            Some(last) => place = Some(last.place()),
            None => return Ok(readings),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn logins_and_what_stayed_sealed_are_taken_out_at_any_depth() {
        let mut value =
            json!({ "by": "x", "a": [{ "adviser": "y", "text": "sealed:v1:0:AA", "n": 1 }] });
        blank(&mut value);
        assert_eq!(without_staff(value), json!({ "a": [{ "text": null, "n": 1 }] }));
    }
}
