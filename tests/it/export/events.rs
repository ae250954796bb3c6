//! The event log: every event once, in order, exactly as it was recorded.

use serde_json::{Value, json};
use sira::export::events::{EventForm, export};
use sira::export::{ExportError, Exported};
use sira::formats::Format;
use sira::journal::{LeafEntry, RecordedEvent, StreamId, sha256};
use sira_domain::reference::Language;
use sira_numbers::Position;

use super::read_back::{moment, read_back};
use super::town::{SECRETS, journal_of, town};
use crate::api::app::TestApp;
use crate::on_both_engines;

async fn written(
    app: &TestApp,
    form: EventForm,
    up_to: Option<Position>,
) -> Result<(Vec<u8>, Exported), ExportError> {
    let journal = app.commands.journal();
    let written = export(journal, form, Language::En, up_to, Vec::new(), &|_, _| ()).await?;
    Ok((written.0, written.1))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// What the line's own texts hash to: whoever has the file can check it.
fn leaf_of(line: &Value, payload: &str) -> String {
    let text = |name: &str| line[name].as_str().unwrap();
    let stream = StreamId::new(text("subjecttype").to_owned(), text("subject").parse().unwrap());
    let entry = LeafEntry {
        journal: text("source"),
        position: text("id").parse().unwrap(),
        stream: &stream,
        sequence: text("sequence").parse().unwrap(),
        event_type: text("type"),
        event_version: text("eventversion"),
        recorded_at: text("time").parse().unwrap(),
        payload_hash: &sha256(payload.as_bytes()),
        metadata_hash: &sha256(text("metadata").as_bytes()),
    };
    hex(&entry.hash().unwrap())
}

on_both_engines! {
    async fn a_reader_of_cloud_events_finds_every_event_once_in_order(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let (file, exported) = written(&app, EventForm::CloudEvents, None).await.unwrap();
        let text = String::from_utf8(file).unwrap();
        let events = journal_of(&app).await;
        assert_eq!(exported.position.get(), events.len() as u64);
        assert_eq!(exported.as_of, events.last().unwrap().recorded_at);
        assert_eq!(text.lines().count(), events.len());
        for (line, event) in text.lines().zip(&events) {
            let (_, payload) = line.split_once(",\"data\":").unwrap();
            assert_eq!(payload.strip_suffix('}'), Some(event.payload.as_str()), "the very text");
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["specversion"], json!("1.0"));
            assert_eq!(line["id"], json!(event.position.to_string()));
            assert_eq!(line["source"], json!("main"));
            assert_eq!(line["type"], json!(event.event_type));
            assert_eq!(line["subject"], json!(event.stream.aggregate_id));
            assert_eq!(line["time"], json!(moment(event.recorded_at)));
            assert_eq!(line["datacontenttype"], json!("application/json"));
            assert_eq!(line["leafhash"], json!(hex(&event.leaf_hash)));
            assert_eq!(leaf_of(&line, &event.payload), hex(&event.leaf_hash));
            // Attribute names are lower-case letters and digits (CloudEvents 1.0, 3.1).
            let names = line.as_object().unwrap().keys();
            assert!(names.clone().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())));
        }
        let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
        assert_eq!(positions, (1..=events.len() as u64).collect::<Vec<_>>());
        assert!(text.contains("sealed:v1:"));
        for secret in SECRETS {
            let text = text.replace("Centre inventé", "").replace("Bailleur inventé", "");
            assert!(!text.contains(secret), "{secret}");
        }
    }

    async fn parquet_and_csv_have_every_event_as_a_row(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let events = journal_of(&app).await;
        let row = |event: &RecordedEvent| {
            vec![
                event.position.to_string(),
                event.stream.aggregate_type.to_string(),
                event.stream.aggregate_id.to_string(),
                event.sequence.to_string(),
                event.event_type.clone(),
                event.event_version.clone(),
                moment(event.recorded_at),
                event.payload.clone(),
                event.metadata.clone(),
                hex(&event.leaf_hash),
            ]
        };
        let expected: Vec<_> = events.iter().map(row).collect();
        for format in [Format::Parquet, Format::Csv] {
            let (file, _) = written(&app, EventForm::Sheet(format), None).await.unwrap();
            let read = read_back(format, file);
            assert_eq!(read.rows, expected, "{format:?}");
            assert_eq!(read.headings[0], "position");
        }
    }

    async fn an_export_ends_at_the_position_asked_for(engine) {
        let app = TestApp::on(engine).await;
        town(&app).await;
        let head = Position::of_count(journal_of(&app).await.len() as u64);
        for position in [Position::START, Position::FIRST, head.before(), head] {
            let (file, exported) = written(&app, EventForm::CloudEvents, Some(position)).await.unwrap();
            let lines = String::from_utf8(file).unwrap().lines().count() as u64;
            assert_eq!((lines, exported.position, exported.rows), (position.get(), position, position.get()));
        }
        let ahead = written(&app, EventForm::CloudEvents, Some(head.next())).await.err();
        assert!(matches!(ahead, Some(ExportError::Ahead { asked, reached }) if (asked, reached) == (head.next(), head)));
    }
}
