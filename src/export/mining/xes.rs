//! XES (IEEE 1849-2016): a trace a beneficiary, in the order of their facts' time.

use std::io::Write;

use sira_domain::reference::Language;

use super::mined::{Mined, Told, moment};
use super::ocel::attributes;
use super::streams::{Stream, Streams};
use super::vocabulary::event_types;
use crate::export::{ExportError, Progress, StaffNames};
use crate::journal::Journal;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
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

/// What is written, and how.
pub(super) struct Log<'a> {
    pub journal: &'a Journal,
    pub staff: &'a StaffNames,
    pub language: Language,
    pub position: u64,
}

impl Log<'_> {
    /// Writes the whole log; how many events are in it.
    pub async fn write(
        &self,
        out: &mut impl Write,
        progress: Progress<'_>,
    ) -> Result<u64, ExportError> {
        out.write_all(HEAD.as_bytes())?;
        string(out, "concept:name", self.journal.id())?;
        tag(out, "int", "position", &self.position.to_string())?;
        out.write_all(b"\n")?;
        let labels: Vec<_> = event_types(self.language).collect();
        let mut events = 0;
        let mut streams = Streams::of_paths(self.journal, self.position, progress);
        while let Some(stream) = streams.next().await? {
            if stream.kind != 0 {
                break;
            }
            // A path of which nothing stands has no trace.
            if !stream.events.is_empty() {
                self.trace(out, &stream, &labels)?;
                events += stream.events.len() as u64;
            }
        }
        out.write_all(b"</log>\n")?;
        Ok(events)
    }

    fn trace(
        &self,
        out: &mut impl Write,
        stream: &Stream,
        labels: &[(&str, &str)],
    ) -> Result<(), ExportError> {
        out.write_all(b"<trace>")?;
        string(out, "concept:name", &stream.id.to_string())?;
        // Of a trace as a whole: what was known of the person at the start.
        let registered = stream.events.iter().find(|event| event.event_type == "Registered");
        for (name, told) in registered.into_iter().flat_map(|event| attributes(0, event)) {
            write_told(out, name, &told)?;
        }
        out.write_all(b"\n")?;
        for event in &stream.events {
            let label = labels.iter().find(|(name, _)| *name == event.event_type);
            self.event(out, event, label.map_or("", |(_, label)| label))?;
        }
        out.write_all(b"</trace>\n")?;
        Ok(())
    }

    fn event(&self, out: &mut impl Write, event: &Mined, label: &str) -> Result<(), ExportError> {
        out.write_all(b"<event>")?;
        string(out, "concept:name", &event.event_type)?;
        tag(out, "date", "time:timestamp", &moment(event.time()))?;
        string(out, "lifecycle:transition", "complete")?;
        string(out, "org:resource", &self.staff.of(&event.by))?;
        for (name, told) in event.attributes(label) {
            let name = if name == "role" { "org:role" } else { name };
            write_told(out, name, &told)?;
        }
        out.write_all(b"</event>\n")?;
        Ok(())
    }
}

fn write_told(out: &mut impl Write, name: &str, told: &Told) -> Result<(), ExportError> {
    match told {
        Told::Text(text) => string(out, name, text),
        Told::Int(number) => tag(out, "int", name, &number.to_string()),
        Told::Flag(flag) => tag(out, "boolean", name, &flag.to_string()),
        Told::Time(time) => tag(out, "date", name, &moment(*time)),
    }
}

fn string(out: &mut impl Write, name: &str, text: &str) -> Result<(), ExportError> {
    tag(out, "string", name, text)
}

fn tag(out: &mut impl Write, kind: &str, name: &str, text: &str) -> Result<(), ExportError> {
    write!(out, "<{kind} key=\"{name}\" value=\"{}\"/>", escaped(text))?;
    Ok(())
}

/// A text within an attribute's quotes. What XML 1.0 cannot hold at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' => safe.push_str("&#9;"),
            '\n' => safe.push_str("&#10;"),
            '\r' => safe.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_text_cannot_leave_its_quotes() {
        assert_eq!(escaped("a\"/><b>&\n\u{1}é"), "a&quot;/&gt;&lt;b&gt;&amp;&#10;\u{fffd}é");
    }
}
