//! The tables as they stand in a read database, and the journal as it stands, as text.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use sira::journal::{Journal, RecordedEvent};
use sira_numbers::Position;
use sira_projections::table::{Column, Keeping, Kind, TABLES, Table, time_text};
use sira_projections::{ReadPool, ReadStore};
use sqlx::Row as _;
use uuid::Uuid;

use super::oracle::{Entry, Line, Story};

/// Rows by table, as stored, in order.
pub type Stored = BTreeMap<&'static str, Vec<Line>>;

/// A column as text, the same on either engine.
fn as_text(column: &Column, postgres: bool) -> String {
    let name = column.name;
    match (column.kind, postgres) {
        (Kind::Time, true) => {
            format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
        (Kind::Flag, false) => {
            format!("CASE WHEN {name} IS NULL THEN NULL WHEN {name} THEN 'true' ELSE 'false' END")
        }
        (_, true) => format!("{name}::text"),
        (_, false) => format!("CAST({name} AS TEXT)"),
    }
}

/// Every row of a table, those of the version's columns first.
pub async fn rows_of(store: &ReadStore, table: &Table) -> Result<Vec<Line>, sqlx::Error> {
    let list = |postgres| {
        let columns: Vec<String> =
            table.all_columns().map(|column| as_text(column, postgres)).collect();
        format!("SELECT {} FROM {}", columns.join(", "), table.name)
    };
    let width = table.all_columns().count();
    let mut rows: Vec<Line> = match store.pool() {
        ReadPool::Postgres(db) => {
            let rows = sqlx::query(&list(true)).fetch_all(db).await?;
            rows.iter().map(|row| (0..width).map(|place| row.get(place)).collect()).collect()
        }
        ReadPool::Sqlite(db) => {
            let rows = sqlx::query(&list(false)).fetch_all(db).await?;
            rows.iter().map(|row| (0..width).map(|place| row.get(place)).collect()).collect()
        }
    };
    rows.sort();
    Ok(rows)
}

/// Every row of every table.
pub async fn stored(store: &ReadStore) -> Stored {
    let mut all = Stored::new();
    for table in TABLES {
        all.insert(table.name, rows_of(store, table).await.unwrap());
    }
    all
}

/// The rows of a versioned table that stood at a position, without the version's columns.
pub fn standing(rows: &[Line], at: Position) -> Vec<Line> {
    let number =
        |cell: &Option<String>| cell.as_ref().map(|text| text.parse::<Position>().unwrap());
    let stood = |row: &&Line| {
        number(&row[0]).unwrap() <= at && number(&row[2]).is_none_or(|until| until > at)
    };
    let mut rows: Vec<Line> = rows.iter().filter(stood).map(|row| row[3..].to_vec()).collect();
    rows.sort();
    rows
}

/// Whether rows of a table are versioned.
pub fn is_versioned(table: &str) -> bool {
    Table::named(table).unwrap().keeping == Keeping::Versioned
}

/// The whole journal.
pub async fn journal_of(journal: &Journal) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |event| event.position);
        let page = journal.read_feed(after, 1_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

#[derive(Deserialize)]
struct Payload {
    occurred_on: NaiveDate,
    by: String,
    #[serde(default)]
    rules: u64,
    fact: BTreeMap<String, Value>,
}

fn entry(event: &RecordedEvent) -> Entry {
    let payload: Payload = serde_json::from_str(&event.payload).unwrap();
    let body = payload.fact[&event.event_type].clone();
    Entry {
        position: event.position,
        sequence: event.sequence,
        recorded_at: time_text(event.recorded_at),
        on: payload.occurred_on,
        by: payload.by,
        rules: payload.rules,
        kind: event.event_type.clone(),
        body,
    }
}

/// Every stream, by kind and id.
pub fn stories(events: &[RecordedEvent]) -> BTreeMap<(String, Uuid), Story> {
    let mut entries: BTreeMap<(String, Uuid), Vec<Entry>> = BTreeMap::new();
    for event in events {
        let key = (event.stream.aggregate_type.to_string(), event.stream.aggregate_id);
        entries.entry(key).or_default().push(entry(event));
    }
    entries.into_iter().map(|(key, all)| (key.clone(), Story::new(key.1, all))).collect()
}
