//! XES (IEEE 1849-2016): a trace a beneficiary, in the order of their facts' time.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};
use sira_domain::reference::Language;
use sira_numbers::Position;

use super::mined::{Mined, MinedValue, moment};
use super::ocel::attributes;
use super::relations::{continues_as, flags};
use super::streams::{Stream, Streams};
use super::vocabulary::event_types;
use crate::export::{ExportError, ExportProgress, StaffNames};
use crate::journal::Journal;

/// The extensions of the standard that the log uses: name, prefix, and where each is defined.
const EXTENSIONS: [(&str, &str, &str); 4] = [
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
];
/// What every event has, with the kind of the attribute and a value to start from.
const OF_EVERY_EVENT: [(&str, &str, &str); 4] = [
    ("string", "concept:name", ""),
    ("string", "label", ""),
    ("date", "time:timestamp", "1970-01-01T00:00:00Z"),
    ("string", "lifecycle:transition", "complete"),
];

/// What is written, and how.
pub(super) struct Log<'a> {
    pub journal: &'a Journal,
    pub staff: &'a StaffNames,
    pub language: Language,
    pub position: Position,
}

impl Log<'_> {
    /// Writes the whole log; how many events are in it.
    pub async fn write(
        &self,
        out: &mut impl Write,
        progress: ExportProgress<'_>,
    ) -> Result<u64, ExportError> {
        let mut out = Writer::new(out);
        head(&mut out)?;
        string(&mut out, "concept:name", self.journal.id())?;
        tag(&mut out, "int", "position", &self.position.to_string())?;
        line(&mut out)?;
        let labels: Vec<_> = event_types(self.language).collect();
        let mut events = 0;
        let mut streams = Streams::of_paths(self.journal, self.position, progress);
        while let Some(stream) = streams.next().await? {
            if stream.kind != 0 {
                break;
            }
            // A path of which nothing stands has no trace.
            if !stream.events.is_empty() {
                self.trace(&mut out, &stream, &labels)?;
                events += stream.events.len() as u64;
            }
        }
        end(&mut out, "log")?;
        Ok(events)
    }

    fn trace(
        &self,
        out: &mut Writer<impl Write>,
        stream: &Stream,
        labels: &[(&str, &str)],
    ) -> io::Result<()> {
        begin(out, BytesStart::new("trace"))?;
        string(out, "concept:name", &stream.id.to_string())?;
        // Of a trace as a whole: what was known of the person at the start.
        let registered = stream.events.iter().find(|event| event.event_type == "Registered");
        for (name, told) in registered.into_iter().flat_map(|event| attributes(0, event)) {
            write_told(out, name, &told)?;
        }
        // A trace is a path: that two of them are one person's is said, so that nobody counts two in silence.
        if let Some(other) = continues_as(stream) {
            string(out, "continues_as", &other)?;
        }
        for (name, flag) in flags(stream) {
            write_told(out, name, &MinedValue::Flag(flag))?;
        }
        line(out)?;
        for event in &stream.events {
            let label = labels.iter().find(|(name, _)| *name == event.event_type);
            self.event(out, event, label.map_or("", |(_, label)| label))?;
        }
        end(out, "trace")
    }

    fn event(&self, out: &mut Writer<impl Write>, event: &Mined, label: &str) -> io::Result<()> {
        begin(out, BytesStart::new("event"))?;
        string(out, "concept:name", &event.event_type)?;
        tag(out, "date", "time:timestamp", &moment(event.time()))?;
        string(out, "lifecycle:transition", "complete")?;
        string(out, "org:resource", &self.staff.of(&event.by))?;
        for (name, told) in event.attributes(label) {
            let name = if name == "role" { "org:role" } else { name };
            write_told(out, name, &told)?;
        }
        end(out, "event")
    }
}

/// What stands before the first trace: the extensions, what every trace and event has, and by what events are
/// told apart. The element `log` stays open.
fn head(out: &mut Writer<impl Write>) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    line(out)?;
    let log = BytesStart::new("log").with_attributes([
        ("xes.version", "1849.2016"),
        ("xes.features", ""),
        ("xmlns", "http://www.xes-standard.org/"),
    ]);
    begin(out, log)?;
    line(out)?;
    for (name, prefix, uri) in EXTENSIONS {
        empty(out, "extension", &[("name", name), ("prefix", prefix), ("uri", uri)])?;
        line(out)?;
    }
    global(out, "trace", &OF_EVERY_EVENT[..1])?;
    global(out, "event", &OF_EVERY_EVENT)?;
    for (name, keys) in [("Activity", "concept:name"), ("Label", "label")] {
        empty(out, "classifier", &[("name", name), ("keys", keys)])?;
        line(out)?;
    }
    Ok(())
}

fn global(
    out: &mut Writer<impl Write>,
    scope: &str,
    attributes: &[(&str, &str, &str)],
) -> io::Result<()> {
    begin(out, BytesStart::new("global").with_attributes([("scope", scope)]))?;
    for (kind, name, value) in attributes {
        tag(out, kind, name, value)?;
    }
    end(out, "global")
}

fn begin(out: &mut Writer<impl Write>, element: BytesStart<'_>) -> io::Result<()> {
    out.write_event(Event::Start(element))
}

/// Ends an element, and its line.
fn end(out: &mut Writer<impl Write>, name: &str) -> io::Result<()> {
    out.write_event(Event::End(BytesEnd::new(name)))?;
    line(out)
}

/// An event a line, for who reads the file with tools for lines.
fn line(out: &mut Writer<impl Write>) -> io::Result<()> {
    out.get_mut().write_all(b"\n")
}

fn write_told(out: &mut Writer<impl Write>, name: &str, told: &MinedValue) -> io::Result<()> {
    match told {
        MinedValue::Text(text) => string(out, name, text),
        MinedValue::Int(number) => tag(out, "int", name, &number.to_string()),
        MinedValue::Flag(flag) => tag(out, "boolean", name, &flag.to_string()),
        MinedValue::Time(time) => tag(out, "date", name, &moment(*time)),
    }
}

fn string(out: &mut Writer<impl Write>, name: &str, text: &str) -> io::Result<()> {
    tag(out, "string", name, text)
}

fn tag(out: &mut Writer<impl Write>, kind: &str, name: &str, text: &str) -> io::Result<()> {
    empty(out, kind, &[("key", name), ("value", &held_by_xml(text))])
}

fn empty(out: &mut Writer<impl Write>, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    out.create_element(name).with_attributes(attributes.iter().copied()).write_empty().map(drop)
}

/// A text as XML 1.0 can hold it: it has no way to write a control character, which becomes U+FFFD. The writer
/// escapes all the rest.
fn held_by_xml(text: &str) -> Cow<'_, str> {
    let unfit = |letter: char| matches!(letter, '\0'..='\u{8}' | '\u{b}'..='\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(unfit) { text.replace(unfit, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        let mut out = Writer::new(Vec::new());
        string(&mut out, "label", "a\"/><b>&\n\t\r\u{1}\u{ffff}é").unwrap();
        let written = String::from_utf8(out.into_inner()).unwrap();
        let value = "a&quot;/&gt;&lt;b&gt;&amp;&#10;&#9;&#13;\u{fffd}\u{fffd}é";
        assert_eq!(written, format!("<string key=\"label\" value=\"{value}\"/>"));
    }

    #[test]
    fn a_log_begins_as_the_standard_asks() {
        let mut out = Writer::new(Vec::new());
        head(&mut out).unwrap();
        let written = String::from_utf8(out.into_inner()).unwrap();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><string key="label" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/><string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Label" keys="label"/>
"#;
        assert_eq!(written, expected);
    }
}
