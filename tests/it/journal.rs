//! The journal on both engines. After each scenario the whole journal is audited from what is stored.

mod append;
mod conditional;
mod faults;
mod freshness;
mod halted;
mod model;
mod processes;
mod storage;
mod throughput;
mod together;
mod turns;

use std::collections::HashMap;

use sira::journal::{
    AppendOutcome, AppendRequest, Committed, Guard, Journal, NewEvent, RecordedEvent, RequestKey,
    StreamId, StreamWrite,
};
use sira_numbers::{Position, Version};
use uuid::Uuid;

fn stream() -> StreamId {
    StreamId::new("Beneficiary", Uuid::now_v7())
}

fn event(text: &str) -> NewEvent {
    NewEvent {
        event_type: "Noted".into(),
        event_version: "1.0".into(),
        // Spaces and key order that a re-serialisation would lose.
        payload: format!(r#"{{"Noted": {{"text":"{text}",  "b":1.10,"a":"\u00e9"}} }}"#),
        metadata: r#"{"actor": "awa"}"#.to_owned(),
    }
}

fn write(stream: &StreamId, expected_version: impl Into<Version>, events: usize) -> StreamWrite {
    StreamWrite {
        stream: stream.clone(),
        expected_version: expected_version.into(),
        events: (0..events).map(|n| event(&n.to_string())).collect(),
    }
}

fn request(writes: impl IntoIterator<Item = StreamWrite>) -> AppendRequest {
    AppendRequest {
        writes: writes.into_iter().collect(),
        answer: r#"{"ok":true}"#.to_owned(),
        ..AppendRequest::default()
    }
}

fn guard(stream: &StreamId, version: impl Into<Version>) -> Guard {
    Guard { stream: stream.clone(), version: version.into() }
}

fn key(name: &str) -> RequestKey {
    RequestKey { actor: "awa".to_owned(), key: name.to_owned(), body_hash: [7; 32] }
}

/// The hash of another body, made with the same key.
fn other_body() -> [u8; 32] {
    std::array::from_fn(|index| if index < RequestKey::HASH_KEY_BYTES { 7 } else { 8 })
}

fn with_key(request: AppendRequest, key: RequestKey) -> AppendRequest {
    AppendRequest { key: Some(key), ..request }
}

async fn commit(journal: &Journal, request: AppendRequest) -> Committed {
    match journal.append(request).await.unwrap() {
        AppendOutcome::Committed(committed) => committed,
        other => panic!("not committed: {other:?}"),
    }
}

/// Reads everything that is stored and checks what must always hold: positions and sequences without
/// gaps, times that never go back, hashes that fit, a head that stands behind the last event.
pub async fn audit(journal: &Journal) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let page = journal.read_feed(Position::of_count(events.len() as u64), 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    let mut versions: HashMap<&StreamId, u64> = HashMap::new();
    let mut last = None;
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.position.get(), index as u64 + 1, "a gap in the positions");
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        assert_eq!(event.sequence.get(), *version, "a gap in {}", event.stream);
        assert_eq!(event.leaf_hash, event.computed_leaf(journal.id()).unwrap());
        assert!(last <= Some(event.recorded_at), "the time went back");
        last = Some(event.recorded_at);
    }
    assert_eq!(journal.head().await.unwrap().position.get(), events.len() as u64);
    events
}
