//! A sheet as one JSON document: what the sheet is, then `rows`, an object a row, a row a line.
//!
//! Decimals are JSON numbers with every digit of their scale; days and moments are RFC 3339 texts.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use sira_domain::reference::Language;
use sira_projections::table::{Cell, time_text};

use super::{FormatError, Sheet};

pub(super) struct JsonSheet<W: Write> {
    out: W,
    is_first: bool,
}

#[derive(Serialize)]
struct Head<'a> {
    name: &'a str,
    as_of: String,
    about: serde_json::Map<String, Value>,
    columns: Vec<HeadColumn<'a>>,
}

#[derive(Serialize)]
struct HeadColumn<'a> {
    name: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
    heading: &'a str,
}

/// What a sheet is, as JSON: the head of the JSON format, and the metadata of Parquet.
pub(super) fn head(sheet: &Sheet, language: Language) -> Result<String, FormatError> {
    let columns = sheet.columns.iter().map(|column| HeadColumn {
        name: &column.name,
        r#type: column.kind.word(),
        unit: &column.unit,
        heading: column.heading(language),
    });
    let about = sheet.about.iter();
    let head = Head {
        name: &sheet.name,
        as_of: time_text(sheet.as_of),
        about: about.map(|(name, value)| (name.to_string(), value.clone().into())).collect(),
        columns: columns.collect(),
    };
    serde_json::to_string(&head).map_err(|error| FormatError::Output(error.into()))
}

impl<W: Write> JsonSheet<W> {
    pub(super) fn begin(
        sheet: &Sheet,
        language: Language,
        mut out: W,
    ) -> Result<Self, FormatError> {
        let head = head(sheet, language)?;
        // The head's object is left open for the rows.
        write!(out, "{},\"rows\":[", head.strip_suffix('}').unwrap_or(&head))?;
        Ok(Self { out, is_first: true })
    }

    pub(super) fn write(&mut self, sheet: &Sheet, row: &[Cell]) -> Result<(), FormatError> {
        self.out.write_all(if self.is_first { b"\n{" } else { b",\n{" })?;
        self.is_first = false;
        for (place, (column, cell)) in sheet.columns.iter().zip(row).enumerate() {
            if place > 0 {
                self.out.write_all(b",")?;
            }
            self.text(&column.name)?;
            self.out.write_all(b":")?;
            self.cell(cell)?;
        }
        self.out.write_all(b"}")?;
        Ok(())
    }

    fn cell(&mut self, cell: &Cell) -> Result<(), FormatError> {
        match cell {
            Cell::Null => self.out.write_all(b"null")?,
            Cell::Int(_) | Cell::Decimal(_) | Cell::Flag(_) => write!(self.out, "{cell}")?,
            Cell::Text(text) => self.text(text)?,
            Cell::Id(_) | Cell::Date(_) | Cell::Time(_) => write!(self.out, "\"{cell}\"")?,
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), FormatError> {
        serde_json::to_writer(&mut self.out, text)
            .map_err(|error| FormatError::Output(error.into()))
    }

    pub(super) fn finish(mut self) -> Result<W, FormatError> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out)
    }
}
