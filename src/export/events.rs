//! The event log as a file: CloudEvents 1.0 as JSON lines, Parquet or CSV.
//!
//! Payload and metadata are the exact texts that were recorded and hashed, so that whoever has the file
//! can compute the leaf hashes again: what is sealed stays sealed, and logins of the staff are there as
//! recorded.

use std::io::Write;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::reference::Language;
use sira_numbers::Position;
use sira_projections::table::{Cell, Kind, time_text};

use super::{ExportError, ExportProgress, Exported, reach};
use crate::formats::{Format, Sheet, SheetColumn, SheetWriter};
use crate::journal::{Journal, RecordedEvent};
use sira_evidence::leaf::hex;

/// Events that are read at once. An event is at most 512 KiB, and mostly below 1 KiB.
pub const PAGE_EVENTS: u32 = 500;
/// The name of the export, and of its sheet.
pub const NAME: &str = "events";

/// A form of the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventForm {
    /// CloudEvents 1.0, a JSON object a line.
    CloudEvents,
    /// A row an event.
    Sheet(Format),
}

/// One event as CloudEvents 1.0 has it. `source` is the journal's id, `id` the position within it;
/// both together name the event for ever. What is not of the specification are extension attributes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CloudEvent", transform = with_data)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    r#type: &'a str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    /// The kind of the stream that `subject` names.
    subjecttype: &'a str,
    /// The event's place in its stream, from 1; a text, as the extension of that name has it.
    sequence: String,
    /// The version of the form of `data`.
    eventversion: &'a str,
    /// The exact metadata that was recorded.
    metadata: &'a str,
    /// SHA-256 over the event's canonical entry.
    leafhash: String,
}

/// The event's own JSON is written after the attributes, as it was recorded.
fn with_data(schema: &mut schemars::Schema) {
    let data =
        serde_json::json!({ "type": "object", "description": "The event, as it was recorded." });
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert("data".to_owned(), data);
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.push("data".into());
    }
}

/// An event as one line of CloudEvents' JSON format, without the line's end.
///
/// # Errors
/// When `out` fails.
pub fn write_cloud_event(
    journal: &str,
    event: &RecordedEvent,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let attributes = CloudEvent {
        specversion: "1.0",
        id: event.position.to_string(),
        source: journal,
        r#type: &event.event_type,
        subject: event.stream.aggregate_id.to_string(),
        time: time_text(event.recorded_at),
        datacontenttype: "application/json",
        subjecttype: &event.stream.aggregate_type,
        sequence: event.sequence.to_string(),
        eventversion: &event.event_version,
        metadata: &event.metadata,
        leafhash: hex(&event.leaf_hash),
    };
    let attributes = serde_json::to_string(&attributes)?;
    // The attributes' object is left open for the payload's own text.
    let open = attributes.strip_suffix('}').unwrap_or(&attributes);
    out.write_all(open.as_bytes())?;
    out.write_all(b",\"data\":")?;
    // In JSON a line's end can only stand between two tokens, where a space says the same.
    for (place, line) in event.payload.split(['\n', '\r']).enumerate() {
        if place > 0 {
            out.write_all(b" ")?;
        }
        out.write_all(line.as_bytes())?;
    }
    out.write_all(b"}")
}

/// The columns of the event log as a sheet.
#[must_use]
pub fn columns() -> Vec<SheetColumn> {
    vec![
        SheetColumn::new("position", Kind::Int, "Position"),
        SheetColumn::new("aggregate_type", Kind::Text, "Objet"),
        SheetColumn::new("aggregate_id", Kind::Id, "Flux"),
        SheetColumn::new("sequence", Kind::Int, "Séquence"),
        SheetColumn::new("event_type", Kind::Text, "Événement"),
        SheetColumn::new("event_version", Kind::Text, "Version de la forme"),
        SheetColumn::new("recorded_at", Kind::Time, "Enregistré à"),
        SheetColumn::new("payload", Kind::Text, "Contenu"),
        SheetColumn::new("metadata", Kind::Text, "Métadonnées"),
        SheetColumn::new("leaf_hash", Kind::Text, "Empreinte"),
    ]
}

fn row(event: RecordedEvent) -> [Cell; 10] {
    [
        event.position.into(),
        event.stream.aggregate_type.into_owned().into(),
        event.stream.aggregate_id.into(),
        event.sequence.into(),
        event.event_type.into(),
        event.event_version.into(),
        event.recorded_at.into(),
        event.payload.into(),
        event.metadata.into(),
        hex(&event.leaf_hash).into(),
    ]
}

/// Where events go.
enum Sink<W: Write + Send> {
    Lines(W),
    Sheet(Box<SheetWriter<W>>),
}

impl<W: Write + Send> Sink<W> {
    fn write(&mut self, journal: &str, event: RecordedEvent) -> Result<(), ExportError> {
        match self {
            Self::Lines(out) => {
                write_cloud_event(journal, &event, out)?;
                out.write_all(b"\n")?;
            }
            Self::Sheet(writer) => writer.write(&row(event))?,
        }
        Ok(())
    }

    fn finish(self) -> Result<W, ExportError> {
        match self {
            Self::Lines(mut out) => {
                out.flush()?;
                Ok(out)
            }
            Self::Sheet(writer) => Ok(writer.finish()?),
        }
    }
}

/// Writes every event up to a position, the last one when none is asked for, in order and without a
/// gap.
///
/// # Errors
/// [`ExportError`].
pub async fn export<W: Write + Send>(
    journal: &Journal,
    form: EventForm,
    language: Language,
    up_to: Option<Position>,
    out: W,
    progress: ExportProgress<'_>,
) -> Result<(W, Exported, Sheet), ExportError> {
    let (position, as_of) = reach(journal, up_to).await?;
    let sheet = Sheet::new(NAME, columns(), as_of)
        .about("journal", journal.id())
        .about("position", position);
    let mut sink = match form {
        EventForm::CloudEvents => Sink::Lines(out),
        EventForm::Sheet(format) => {
            Sink::Sheet(Box::new(SheetWriter::begin(format, sheet.clone(), language, out)?))
        }
    };
    let mut at = Position::START;
    while at < position {
        let before = at;
        for event in journal.read_feed(at, PAGE_EVENTS).await? {
            if at == position {
                break;
            }
            if event.position != at.next() {
                return Err(ExportError::Damaged { position: at });
            }
            at = event.position;
            sink.write(journal.id(), event)?;
        }
        if at == before {
            return Err(ExportError::Damaged { position: at });
        }
        progress(at.get(), position.get());
    }
    let out = sink.finish()?;
    Ok((out, Exported { rows: position.get(), position, as_of }, sheet))
}
