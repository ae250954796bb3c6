//! What the database holds, read around the server, against what was acknowledged.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sira::commands::Loaded;
use sira::journal::{RecordedEvent, StreamId};
use sira::present::path_value;
use sira_domain::path::Beneficiary;
use sqlx::{Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use super::load::{Acknowledged, Load};
use super::server::Place;

type Row = (i64, String, String, i64, String, String, String, String, String, Vec<u8>);

/// Every event and every idempotency key with its position, as stored.
pub async fn read(place: &Place) -> (Vec<RecordedEvent>, BTreeMap<String, i64>) {
    let columns = "position, aggregate_type, aggregate_id, sequence, event_type, event_version";
    let keys = "SELECT key, position FROM requests";
    let (rows, keys): (Vec<Row>, Vec<(String, i64)>) = if place.url().starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&place.url()).await.unwrap();
        let events = format!(
            "SELECT {columns}, payload, metadata, recorded_at, leaf_hash FROM events ORDER BY position"
        );
        let rows = sqlx::query_as(&events).fetch_all(&mut connection).await.unwrap();
        (rows, sqlx::query_as(keys).fetch_all(&mut connection).await.unwrap())
    } else {
        let mut connection = PgConnection::connect(&place.url()).await.unwrap();
        let events = format!(
            "SELECT {columns}, payload::text, metadata::text,
                    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), leaf_hash
               FROM events ORDER BY position"
        );
        let rows = sqlx::query_as(&events).fetch_all(&mut connection).await.unwrap();
        (rows, sqlx::query_as(keys).fetch_all(&mut connection).await.unwrap())
    };
    (rows.into_iter().map(event_of).collect(), keys.into_iter().collect())
}

fn event_of(row: Row) -> RecordedEvent {
    let (position, kind, id, sequence, event_type, event_version, payload, metadata, at, leaf) =
        row;
    RecordedEvent {
        position: position.try_into().unwrap(),
        stream: StreamId::new(kind, id.parse::<Uuid>().unwrap()),
        sequence: sequence.try_into().unwrap(),
        event_type,
        event_version,
        payload,
        metadata,
        recorded_at: DateTime::parse_from_rfc3339(&at).unwrap().with_timezone(&Utc),
        leaf_hash: leaf.try_into().unwrap(),
    }
}

/// Looks at everything: the journal's own order, each acknowledged command, each state.
pub async fn check(place: &Place, load: &Load, url: &str) {
    let (events, keys) = read(place).await;
    check_order(&events);
    check_commands(&events, &keys, load);
    check_states(&events, load, url).await;
}

/// Positions and sequences without gaps, leaves that fit, times that never go back.
pub fn check_order(events: &[RecordedEvent]) {
    let mut versions: HashMap<&StreamId, u64> = HashMap::new();
    let mut last = None;
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.position.get(), index as u64 + 1, "a gap in the positions");
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        assert_eq!(event.sequence.get(), *version, "a gap in {}", event.stream);
        assert_eq!(
            event.leaf_hash,
            event.computed_leaf("main").unwrap(),
            "leaf {}",
            event.position
        );
        assert!(last <= Some(event.recorded_at), "the time went back at {}", event.position);
        last = Some(event.recorded_at);
    }
}

/// Every acknowledged command is there once, where its answer says; no key has two effects.
fn check_commands(events: &[RecordedEvent], keys: &BTreeMap<String, i64>, load: &Load) {
    let mut effects: HashMap<String, Vec<&RecordedEvent>> = HashMap::new();
    for event in events {
        let metadata: Value = serde_json::from_str(&event.metadata).unwrap();
        effects.entry(metadata["request_id"].as_str().unwrap().to_owned()).or_default().push(event);
    }
    for (key, found) in effects.iter().filter(|(key, _)| key.starts_with("crash-")) {
        assert_eq!(found.len(), 1, "{key} has {} effects", found.len());
        assert_eq!(keys.get(key), Some(&found[0].position.stored()), "{key}");
    }
    // All that was sent has been acknowledged by now, the doubtful at their second sending.
    let known = effects.keys().filter(|key| key.starts_with("crash-")).count();
    assert_eq!(known, load.acknowledged.len());
    for Acknowledged { sent, answer } in &load.acknowledged {
        let effect = effects.get(&sent.key).unwrap_or_else(|| panic!("{sent:?} is lost"))[0];
        assert_eq!(answer["position"], effect.position.get(), "{sent:?}");
        assert_eq!(answer["version"], effect.sequence.get(), "{sent:?}");
        assert_eq!(answer["id"], effect.stream.aggregate_id.to_string(), "{sent:?}");
        assert_eq!(answer["events"][0], effect.event_type, "{sent:?}");
    }
}

/// What the server tells of a path is a fold of its stream, and its person can be read.
async fn check_states(events: &[RecordedEvent], load: &Load, url: &str) {
    let mut streams: BTreeMap<Uuid, Vec<RecordedEvent>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.stream.aggregate_type == Beneficiary::TYPE) {
        streams.entry(event.stream.aggregate_id).or_default().push(event.clone());
    }
    let client = reqwest::Client::new();
    // All of the first, which are the busy ones, and the newest, which a crash was nearest to.
    let chosen = streams.iter().take(10).chain(streams.iter().rev().take(60));
    for (id, stream) in chosen {
        let request = client.get(format!("{url}/v1/beneficiaries/{id}?identity=true"));
        let response = request.bearer_auth(&load.adviser).send().await.unwrap();
        let mut told: Value = response.json().await.unwrap();
        let identity = told.as_object_mut().unwrap().remove("identity").unwrap();
        let folded = path_value(*id, &Loaded::<Beneficiary>::fold(stream).unwrap());
        assert_eq!(told, folded);
        let metadata: Value = serde_json::from_str(&stream[0].metadata).unwrap();
        let key = metadata["request_id"].as_str().unwrap();
        assert_eq!(identity["name"], format!("Personne {key}"), "the key of {id} is lost");
    }
}
