//! OCEL 2.0 as JSON (<https://www.ocel-standard.org>): the types, then the objects, then the events,
//! each on a line of its own.
//!
//! Objects come before events, and the facts of either lie in the same streams: the journal is read
//! twice, to the same position, so that neither has to be held.

use std::io::Write;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sira_domain::path::facts::WashingtonGroup;
use sira_domain::reference::Language;
use sira_numbers::Position;
use sira_projections::path::age_band;

use super::mined::{Mined, MinedValue, moment};
use super::relations::{Links, Relation, flags, of_object};
use super::streams::{Stream, Streams};
use super::vocabulary::{COMMON, Field, OBJECT_FIELDS, OBJECT_TYPES, Of, event_types, fields};
use crate::export::{ExportError, ExportProgress};
use crate::journal::Journal;

/// Writes the whole log; how many events are in it.
pub(super) async fn write(
    journal: &Journal,
    language: Language,
    position: Position,
    out: &mut impl Write,
    progress: ExportProgress<'_>,
) -> Result<u64, ExportError> {
    write_types(language, out)?;
    let total = position.get().saturating_mul(2);
    let mut streams = Streams::new(journal, position, progress, (0, total));
    let mut list = List::begin("objects", out)?;
    while let Some(stream) = streams.next().await? {
        list.add(&object(&stream))?;
    }
    list.end(",\n")?;
    let labels: Vec<_> = event_types(language).collect();
    let mut streams = Streams::new(journal, position, progress, (position.get(), total));
    let mut list = List::begin("events", out)?;
    while let Some(stream) = streams.next().await? {
        let mut links = Links::default();
        for event in &stream.events {
            let label = labels.iter().find(|(name, _)| *name == event.event_type);
            list.add(&shown(
                event,
                label.map_or("", |(_, label)| label),
                links.of(stream.id, event),
            ))?;
        }
    }
    let events = list.length;
    list.end("}\n")?;
    Ok(events)
}

/// A JSON array under way, an element a line.
struct List<'a, W: Write> {
    out: &'a mut W,
    length: u64,
}

impl<'a, W: Write> List<'a, W> {
    fn begin(name: &str, out: &'a mut W) -> Result<Self, ExportError> {
        write!(out, "\"{name}\":[")?;
        Ok(Self { out, length: 0 })
    }

    fn add(&mut self, value: &Value) -> Result<(), ExportError> {
        self.out.write_all(if self.length == 0 { b"\n" } else { b",\n" })?;
        self.length += 1;
        serde_json::to_writer(&mut *self.out, value).map_err(std::io::Error::from)?;
        Ok(())
    }

    fn end(self, after: &str) -> Result<(), ExportError> {
        write!(self.out, "\n]{after}")?;
        Ok(())
    }
}

fn write_types(language: Language, out: &mut impl Write) -> Result<(), ExportError> {
    out.write_all(b"{")?;
    let mut list = List::begin("objectTypes", out)?;
    for (name, fields) in OBJECT_TYPES.iter().zip(OBJECT_FIELDS) {
        list.add(&json!({ "name": name, "attributes": declared(fields.iter()) }))?;
    }
    list.end(",\n")?;
    let mut list = List::begin("eventTypes", out)?;
    for (name, _) in event_types(language) {
        let own = fields(name);
        let common = COMMON.iter().filter(|(name, _)| own.iter().all(|(own, _)| own != name));
        list.add(&json!({ "name": name, "attributes": declared(common.chain(own)) }))?;
    }
    list.end(",\n")
}

fn declared<'a>(fields: impl Iterator<Item = &'a Field>) -> Value {
    let kind = |of| match of {
        Of::Text => "string",
        Of::Int => "integer",
        Of::Flag => "boolean",
        Of::Time => "time",
    };
    fields.map(|(name, of)| json!({ "name": name, "type": kind(*of) })).collect()
}

fn shown(event: &Mined, label: &str, relations: Vec<Relation>) -> Value {
    let attributes = event.attributes(label).into_iter();
    json!({
        "id": event.position.to_string(),
        "type": event.event_type,
        "time": moment(event.time()),
        "attributes": attributes
            .map(|(name, told)| json!({ "name": name, "value": value(told) }))
            .collect::<Value>(),
        "relationships": related(relations),
    })
}

fn related(relations: Vec<Relation>) -> Value {
    let one = |(id, qualifier)| json!({ "objectId": id, "qualifier": qualifier });
    relations.into_iter().map(one).collect()
}

fn value(told: MinedValue) -> Value {
    match told {
        MinedValue::Text(text) => text.into(),
        MinedValue::Int(number) => number.into(),
        MinedValue::Flag(flag) => flag.into(),
        MinedValue::Time(time) => moment(time).into(),
    }
}

/// The object of a stream, with what is known of it from when on.
fn object(stream: &Stream) -> Value {
    let told = stream.events.iter().flat_map(|event| {
        let time = event.time();
        attributes(stream.kind, event).into_iter().map(move |told| (time, told))
    });
    // How a path counts is said of it as a whole, as it stands: from its first event on.
    let first = stream.events.iter().map(Mined::time).min().unwrap_or_default();
    let flags = flags(stream).into_iter().filter(|_| stream.kind == 0);
    let told = told.chain(flags.map(|(name, flag)| (first, (name, MinedValue::Flag(flag)))));
    let one = |(time, (name, told)): (DateTime<Utc>, (&str, MinedValue))| json!({ "name": name, "time": moment(time), "value": value(told) });
    json!({
        "id": stream.id.to_string(),
        "type": OBJECT_TYPES[stream.kind],
        "attributes": told.map(one).collect::<Value>(),
        "relationships": related(of_object(stream)),
    })
}

/// What an event says of its own object.
pub(super) fn attributes(kind: usize, event: &Mined) -> Vec<(&'static str, MinedValue)> {
    let names: &[&str] = match event.event_type.as_str() {
        "Registered" => return registered(event),
        "Transferred" | "TransferReturned" => &["region", "office"],
        "CohortPlanned" => &["code", "office", "capacity"],
        "FundOpened" => &["code", "budget"],
        "BudgetAdjusted" => &["budget"],
        "ConventionSigned" => &["term_years"],
        _ => &[],
    };
    let fields = OBJECT_FIELDS[kind].iter().filter(|(name, _)| names.contains(name));
    fields.filter_map(|field| Some((field.0, event.told(*field)?))).collect()
}

/// The attributes of a registration: those that stand in it, and those that follow from it.
fn registered(event: &Mined) -> Vec<(&'static str, MinedValue)> {
    use chrono::Datelike as _;
    let birth_year = event.number("birth_year").and_then(|year| i32::try_from(year).ok());
    let answers = event.fact.get("disability");
    let answers = answers.and_then(|answers| serde_json::from_value(answers.clone()).ok());
    let told = |field: &Field| match field.0 {
        "age_band" => {
            birth_year.map(|year| MinedValue::Text(age_band(event.on.year() - year).to_owned()))
        }
        "disability" => answers
            .as_ref()
            .map(|answers: &WashingtonGroup| MinedValue::Flag(answers.has_disability())),
        _ => event.told(*field),
    };
    OBJECT_FIELDS[0].iter().filter_map(|field| Some((field.0, told(field)?))).collect()
}
