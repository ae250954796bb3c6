//! What somebody with the database does to it: other rows for the events, and as much of the evidence
//! made anew as they can.

use chrono::{DateTime, Utc};
use sira::evidence::growth::Growth;
use sira::evidence::index::{StreamHead, StreamIndex, key_of};
use sira::evidence::{Checkpoint, Note, NoteKey};
use sira::journal::RecordedEvent;
use sira_evidence::leaf::time_text;

use super::base::{Base, Hand};

/// The journal's id, which every leaf holds.
pub const JOURNAL: &str = "main";

/// How far the forger goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The rows alone.
    Rows,
    /// Leaf hashes as well.
    Leaves,
    /// Tiles and checkpoints as well, signed by a key of their own.
    OtherKey,
    /// Tiles and checkpoints as well, signed by the log's own key: the operator.
    OwnKey,
}

impl Effort {
    pub const ALL: [Self; 4] = [Self::Rows, Self::Leaves, Self::OtherKey, Self::OwnKey];
}

/// A key of the log's name that is not the log's.
pub fn other_key(base: &Base) -> NoteKey {
    let name = base.verifier().name().to_owned();
    sira::evidence::generate_key(&name, sira::evidence::Algorithm::Ed25519).unwrap()
}

/// The right leaf hash of what an event says now.
pub fn leaf(event: &RecordedEvent) -> [u8; 32] {
    event.computed_leaf(JOURNAL).unwrap()
}

/// Puts other events in place of the journal's, and remakes what the effort allows.
pub async fn forge(base: &Base, hand: &mut Hand, mut events: Vec<RecordedEvent>, effort: Effort) {
    events.sort_by_key(|event| event.position);
    if effort != Effort::Rows {
        for event in &mut events {
            event.leaf_hash = leaf(event);
        }
    }
    hand.run("BEGIN").await;
    write_events(hand, &base.events, &events).await;
    match effort {
        Effort::Rows | Effort::Leaves => {}
        Effort::OtherKey => sign_anew(base, hand, &events, &other_key(base)).await,
        Effort::OwnKey => sign_anew(base, hand, &events, &base.key).await,
    }
    if matches!(effort, Effort::OtherKey | Effort::OwnKey) {
        move_head(hand, &events).await;
    }
    hand.run("COMMIT").await;
}

/// Makes the head follow the last event.
pub async fn move_head(hand: &mut Hand, events: &[RecordedEvent]) {
    let last = events.last().unwrap();
    let (next, at) = (last.position.next(), time_text(last.recorded_at));
    hand.run(&format!("UPDATE journal_head SET next_position = {next}, recorded_at = '{at}'"))
        .await;
}

async fn write_events(hand: &mut Hand, before: &[RecordedEvent], after: &[RecordedEvent]) {
    for event in before.iter().filter(|event| !after.contains(event)) {
        hand.run(&format!("DELETE FROM events WHERE position = {}", event.position)).await;
    }
    for event in after.iter().filter(|event| !before.contains(event)) {
        insert(hand, event).await;
    }
}

/// A text as a statement holds it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Inserts one row.
pub async fn insert(hand: &mut Hand, event: &RecordedEvent) {
    let sql = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
         payload, metadata, position, recorded_at, leaf_hash) \
         VALUES ({}, '{}', {}, {}, {}, {}, {}, {}, '{}', {})",
        quoted(&event.stream.aggregate_type),
        event.stream.aggregate_id,
        event.sequence,
        quoted(&event.event_type),
        quoted(&event.event_version),
        quoted(&event.payload),
        quoted(&event.metadata),
        event.position,
        time_text(event.recorded_at),
        hand.bytes(&event.leaf_hash),
    );
    hand.run(&sql).await;
}

/// Stores the tiles of other events, and a checkpoint at every old size and at the end.
async fn sign_anew(base: &Base, hand: &mut Hand, events: &[RecordedEvent], key: &NoteKey) {
    let (mut growth, mut streams, mut full) =
        (Growth::default(), StreamIndex::default(), Vec::new());
    // What witnesses signed is taken away: of another tree it would tell at once.
    hand.run(
        "DELETE FROM evidence_tiles; DELETE FROM evidence_checkpoints; \
         DELETE FROM evidence_cosignatures",
    )
    .await;
    let mut at = DateTime::UNIX_EPOCH;
    for event in events {
        at = event.recorded_at.max(at);
        growth.push(event.leaf_hash, &mut |tile| full.push(tile));
        let head = StreamHead { sequence: event.sequence, leaf: event.leaf_hash };
        streams.set(key_of(&event.stream), head);
        let (size, count) = (growth.size(), events.len() as u64);
        // A hole has no place in what is signed anew: the forger's tree ends there.
        if event.position.get() != size {
            continue;
        }
        if size == count || base.checkpoints.iter().any(|(old, _)| *old == size) {
            store_checkpoint(hand, &signed(key, size, &growth, &streams), size, at).await;
        }
    }
    for tile in full.into_iter().chain(growth.edge_tiles()) {
        let hashes = hand.bytes(tile.hashes.as_flattened());
        hand.run(&format!(
            "INSERT INTO evidence_tiles (level, tile_index, hashes) VALUES ({}, {}, {hashes})",
            tile.level, tile.index
        ))
        .await;
    }
}

fn signed(key: &NoteKey, size: u64, growth: &Growth, streams: &StreamIndex) -> Note {
    let origin = key.verifier().name().to_owned();
    let checkpoint =
        Checkpoint { origin, size, root: growth.root(), streams: Some(streams.root()) };
    let text = checkpoint.to_string();
    Note { signatures: vec![key.sign(&text, DateTime::UNIX_EPOCH)], text }
}

/// Stores one checkpoint.
pub async fn store_checkpoint(hand: &mut Hand, note: &Note, size: u64, at: DateTime<Utc>) {
    let note = quoted(&note.to_string());
    hand.run(&format!(
        "INSERT INTO evidence_checkpoints (size, note, signed_at) \
         VALUES ({size}, {note}, '{}')",
        time_text(at)
    ))
    .await;
}
