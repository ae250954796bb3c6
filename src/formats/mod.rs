//! Writing a table of typed rows as JSON, CSV, Parquet or XLSX, row by row and in bounded memory.
//!
//! A [`Sheet`] says what the columns are; a [`SheetWriter`] takes rows of [`Cell`]s and holds back no
//! more than its format needs: one row (JSON, CSV, XLSX, whose rows wait in a temporary file for the
//! end) or one row group ([`parquet::GROUP_ROWS`], [`parquet::GROUP_BYTES`]). Which rows, and who may
//! see them, is not known here.
//!
//! JSON and Parquet are read by programs: their columns always have their names, and the headings are
//! told beside. CSV and XLSX are read by people: with [`Language::Fr`] their columns have the French
//! headings.

mod accept;
mod csv;
mod error;
mod json;
pub mod parquet;
mod sheet;
#[cfg(test)]
mod tests;
pub mod written;
mod xlsx;

use std::io::Write;

use sira_domain::reference::Language;
use sira_projections::table::Cell;

pub use accept::{Format, NotAFormat, asked_for};
pub use csv::csvw_metadata;
pub use error::FormatError;
pub use sheet::{Sheet, SheetColumn};

use self::csv::CsvSheet;
use self::json::JsonSheet;
use self::parquet::ParquetSheet;
use self::xlsx::XlsxSheet;

/// Takes the rows of one sheet, in order. What was written is whole only after
/// [`SheetWriter::finish`].
pub struct SheetWriter<W: Write + Send> {
    kind: Kind<W>,
    sheet: Sheet,
}

enum Kind<W: Write + Send> {
    Json(JsonSheet<W>),
    Csv(Box<CsvSheet<W>>),
    Parquet(Box<ParquetSheet<W>>),
    Xlsx(Box<XlsxSheet<W>>),
}

impl<W: Write + Send> SheetWriter<W> {
    /// Begins a sheet, writing what comes before its rows.
    ///
    /// # Errors
    /// [`FormatError`]: `out` failed, or the sheet has no columns or two of one name.
    pub fn begin(
        format: Format,
        sheet: Sheet,
        language: Language,
        out: W,
    ) -> Result<Self, FormatError> {
        sheet.check()?;
        let kind = match format {
            Format::Json => Kind::Json(JsonSheet::begin(&sheet, language, out)?),
            Format::Csv => Kind::Csv(Box::new(CsvSheet::begin(&sheet, language, out)?)),
            Format::Parquet => Kind::Parquet(Box::new(ParquetSheet::begin(&sheet, language, out)?)),
            Format::Xlsx => Kind::Xlsx(Box::new(XlsxSheet::begin(&sheet, language, out)?)),
        };
        Ok(Self { kind, sheet })
    }

    /// Writes a row: a cell a column, each of its column's kind or [`Cell::Null`].
    ///
    /// # Errors
    /// [`FormatError`]: `out` failed, or the row does not fit the columns.
    pub fn write(&mut self, row: &[Cell]) -> Result<(), FormatError> {
        self.sheet.check_row(row)?;
        match &mut self.kind {
            Kind::Json(json) => json.write(&self.sheet, row),
            Kind::Csv(csv) => csv.write(row),
            Kind::Parquet(parquet) => parquet.write(row),
            Kind::Xlsx(xlsx) => xlsx.write(&self.sheet, row),
        }
    }

    /// Writes what comes after the rows, and gives `out` back, flushed.
    ///
    /// # Errors
    /// [`FormatError`]: `out` failed.
    pub fn finish(self) -> Result<W, FormatError> {
        let mut out = match self.kind {
            Kind::Json(json) => json.finish()?,
            Kind::Csv(csv) => csv.finish()?,
            Kind::Parquet(parquet) => parquet.finish()?,
            Kind::Xlsx(xlsx) => xlsx.finish(&self.sheet)?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// A whole sheet in memory: for answers whose rows are bounded already.
///
/// # Errors
/// [`FormatError`]: a row does not fit the columns.
pub fn write_sheet<'a>(
    format: Format,
    sheet: Sheet,
    language: Language,
    rows: impl IntoIterator<Item = &'a [Cell]>,
) -> Result<Vec<u8>, FormatError> {
    let mut writer = SheetWriter::begin(format, sheet, language, Vec::new())?;
    for row in rows {
        writer.write(row)?;
    }
    writer.finish()
}
