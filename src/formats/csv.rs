//! A sheet as CSV: RFC 4180, UTF-8 without a mark, CRLF, one heading line, ISO 8601 days and moments.
//!
//! A text that a spreadsheet would take for a formula (it begins with `= + - @`, their wide forms, a
//! tab or a line's end) gets an apostrophe in front, which spreadsheets read as "this is text". So
//! does a text that begins with an apostrophe itself: whoever takes one leading apostrophe off has the
//! text as it was. Numbers are not touched: -5 is a number.
//!
//! CSV has no place for metadata: [`csvw_metadata`] makes the document that lies beside the file.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};
use serde_json::{Value, json};
use sira_domain::reference::Language;
use sira_projections::table::{Cell, Kind, time_text};

use super::{FormatError, Sheet};

/// What a formula, or the mark against one, begins with.
const GUARDED: [char; 12] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

pub(super) struct CsvSheet<W: Write> {
    out: Writer<W>,
}

impl<W: Write> CsvSheet<W> {
    pub(super) fn begin(sheet: &Sheet, language: Language, out: W) -> Result<Self, FormatError> {
        let mut out = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        let headings = sheet.columns.iter().map(|column| guarded(column.heading(language)));
        for heading in headings {
            out.write_field(&*heading).map_err(failed)?;
        }
        out.write_record(None::<&[u8]>).map_err(failed)?;
        Ok(Self { out })
    }

    pub(super) fn write(&mut self, row: &[Cell]) -> Result<(), FormatError> {
        for cell in row {
            match cell {
                Cell::Text(text) => self.out.write_field(&*guarded(text)),
                other => self.out.write_field(other.to_string()),
            }
            .map_err(failed)?;
        }
        self.out.write_record(None::<&[u8]>).map_err(failed)
    }

    pub(super) fn finish(self) -> Result<W, FormatError> {
        self.out.into_inner().map_err(|error| FormatError::Output(error.into_error()))
    }
}

fn failed(error: csv::Error) -> FormatError {
    FormatError::Output(error.into())
}

fn guarded(text: &str) -> Cow<'_, str> {
    if text.starts_with(GUARDED) { format!("'{text}").into() } else { text.into() }
}

/// The metadata of a CSV file, as "CSV on the Web" (W3C, 2015) finds it beside the file: `url` is the
/// file's own name, and the document's name is that with `-metadata.json` after it.
#[must_use]
pub fn csvw_metadata(sheet: &Sheet, language: Language, url: &str) -> Value {
    let columns = sheet.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "titles": column.heading(language),
            "datatype": datatype(column.kind),
            "dc:description": { "en": column.name, "fr": column.fr },
            "schema:unitText": column.unit,
        })
    });
    let about = sheet.about.iter();
    let about = about.map(|(name, value)| json!({ "schema:name": name, "schema:value": value }));
    json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": url,
        "dc:title": sheet.name,
        "dc:modified": time_text(sheet.as_of),
        "schema:additionalProperty": about.collect::<Vec<_>>(),
        "tableSchema": { "columns": columns.collect::<Vec<_>>() },
    })
}

const fn datatype(kind: Kind) -> &'static str {
    match kind {
        Kind::Id | Kind::Text => "string",
        Kind::Int => "integer",
        Kind::Decimal(_) => "decimal",
        Kind::Date => "date",
        Kind::Time => "dateTime",
        Kind::Flag => "boolean",
    }
}
