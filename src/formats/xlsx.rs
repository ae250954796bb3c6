//! A sheet as an Office Open XML workbook: a bold heading row that stays in sight, real days, moments
//! and numbers, columns as wide as what they hold, and a last sheet that says where the rows come
//! from.
//!
//! Rows go to a temporary file as they come, so memory holds one of them. A workbook's sheet ends at
//! [`SHEET_ROWS`] rows: more go on in a next one under the same headings. Excel counts in binary
//! floating point and shows 15 digits: a number of more, and a day before 1901, is written as text
//! rather than changed. Moments are kept to the millisecond, in UTC. Texts are typed as texts, so
//! none is taken for a formula.

use std::io::Write;

use chrono::Datelike as _;
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet};
use sira_domain::reference::Language;
use sira_numbers::counted;
use sira_projections::table::{Cell, Kind};

use super::{FormatError, Sheet, SheetColumn};

/// Rows that one sheet of a workbook can have, its heading included.
pub const SHEET_ROWS: u32 = 1_048_576;
/// Longest name of a sheet of a workbook, in characters.
const NAME_CHARS: usize = 31;
/// Numbers up to here are shown with every digit.
const EXACT_MAX: u64 = 999_999_999_999_999;
/// The first year whose every day Excel counts rightly: it takes 1900 for a leap year.
const FIRST_YEAR: i32 = 1901;
/// The last year that Excel knows.
const LAST_YEAR: i32 = 9999;

pub(super) struct XlsxSheet<W: Write + Send> {
    out: W,
    book: Workbook,
    language: Language,
    formats: Vec<Format>,
    /// Sheets of rows so far.
    sheets: usize,
    /// The next row in the last of them.
    next: u32,
    sheet_rows: u32,
}

impl<W: Write + Send> XlsxSheet<W> {
    pub(super) fn begin(sheet: &Sheet, language: Language, out: W) -> Result<Self, FormatError> {
        Self::with_rows(sheet, language, out, SHEET_ROWS)
    }

    fn with_rows(
        sheet: &Sheet,
        language: Language,
        out: W,
        sheet_rows: u32,
    ) -> Result<Self, FormatError> {
        let mut book = Workbook::new();
        let made = DocProperties::new().set_title(&*sheet.name).set_creation_datetime(&sheet.as_of);
        book.set_properties(&made);
        let formats = sheet.columns.iter().map(|column| cell_format(column.kind)).collect();
        let mut own = Self { out, book, language, formats, sheets: 0, next: 0, sheet_rows };
        own.next_sheet(sheet)?;
        Ok(own)
    }

    fn next_sheet(&mut self, sheet: &Sheet) -> Result<(), FormatError> {
        self.sheets += 1;
        let page = self.book.add_worksheet_with_constant_memory()?;
        page.set_name(page_name(&sheet.name, self.sheets))?;
        let headings: Vec<_> =
            sheet.columns.iter().map(|column| column.heading(self.language)).collect();
        let widths = sheet.columns.iter().zip(&headings);
        let widths: Vec<_> =
            widths.map(|(column, heading)| kind_width(column).max(width(heading))).collect();
        head(page, &headings, &widths)?;
        self.next = 1;
        Ok(())
    }

    pub(super) fn write(&mut self, sheet: &Sheet, row: &[Cell]) -> Result<(), FormatError> {
        if self.next >= self.sheet_rows {
            self.next_sheet(sheet)?;
        }
        let page = self.book.worksheet_from_index(self.sheets - 1)?;
        for (place, (cell, format)) in (0_u16..).zip(row.iter().zip(&self.formats)) {
            write_cell(page, (self.next, place), cell, format)?;
        }
        self.next += 1;
        Ok(())
    }

    pub(super) fn finish(mut self, sheet: &Sheet) -> Result<W, FormatError> {
        self.about(sheet)?;
        self.book.save_to_writer(&mut self.out)?;
        Ok(self.out)
    }

    /// The last sheet: where the rows come from, and what each column is.
    fn about(&mut self, sheet: &Sheet) -> Result<(), FormatError> {
        let is_french = self.language == Language::Fr;
        let page = self.book.add_worksheet_with_constant_memory()?;
        page.set_name(if is_french { "À propos" } else { "About" })?;
        let headings = if is_french {
            ["colonne", "intitulé", "type", "unité"]
        } else {
            ["column", "heading", "type", "unit"]
        };
        head(page, &headings, &[32, 48, 12, 12])?;
        let columns = sheet.columns.iter().map(|column| {
            [&*column.name, column.heading(self.language), column.kind.word(), &column.unit]
        });
        let about = sheet.about.iter().map(|(name, value)| [&**name, value, "", ""]);
        for (row, texts) in (1..).zip(columns.chain(std::iter::once([""; 4])).chain(about)) {
            for (place, text) in (0..).zip(texts) {
                page.write_string(row, place, text)?;
            }
        }
        Ok(())
    }
}

/// Writes the heading row and what holds for the whole sheet.
fn head(page: &mut Worksheet, headings: &[&str], widths: &[u32]) -> Result<(), FormatError> {
    let bold = Format::new().set_bold();
    page.set_freeze_panes(1, 0)?;
    for (place, (heading, width)) in (0_u16..).zip(headings.iter().zip(widths)) {
        page.set_column_width(place, *width)?;
        page.write_string_with_format(0, place, *heading, &bold)?;
    }
    Ok(())
}

fn page_name(name: &str, number: usize) -> String {
    let suffix = if number == 1 { String::new() } else { format!(" ({number})") };
    let room = NAME_CHARS - suffix.len();
    name.chars().take(room).chain(suffix.chars()).collect()
}

fn cell_format(kind: Kind) -> Format {
    let format = Format::new();
    match kind {
        Kind::Int | Kind::Decimal(0) => format.set_num_format("0"),
        Kind::Decimal(scale) => format.set_num_format(format!("0.{}", "0".repeat(scale.into()))),
        Kind::Date => format.set_num_format("yyyy-mm-dd"),
        Kind::Time => format.set_num_format("yyyy-mm-dd hh:mm:ss.000"),
        Kind::Id | Kind::Text | Kind::Flag => format,
    }
}

/// Characters that a column's cells take, as far as their kind tells.
const fn kind_width(column: &SheetColumn) -> u32 {
    match column.kind {
        Kind::Id => 37,
        Kind::Text => 16,
        Kind::Int | Kind::Decimal(_) | Kind::Date => 12,
        Kind::Time => 24,
        Kind::Flag => 8,
    }
}

fn width(heading: &str) -> u32 {
    counted(heading.chars().count()).saturating_add(2)
}

fn write_cell(
    page: &mut Worksheet,
    (row, place): (u32, u16),
    cell: &Cell,
    format: &Format,
) -> Result<(), FormatError> {
    match cell {
        Cell::Null => {}
        Cell::Flag(flag) => {
            page.write_boolean(row, place, *flag)?;
        }
        Cell::Int(number) if number.unsigned_abs() <= EXACT_MAX => {
            page.write_number_with_format(row, place, nearest(cell), format)?;
        }
        Cell::Decimal(number) if number.unscaled().unsigned_abs() <= EXACT_MAX => {
            page.write_number_with_format(row, place, nearest(cell), format)?;
        }
        Cell::Date(day) if (FIRST_YEAR..=LAST_YEAR).contains(&day.year()) => {
            page.write_datetime_with_format(row, place, day, format)?;
        }
        Cell::Time(time) if (FIRST_YEAR..=LAST_YEAR).contains(&time.year()) => {
            page.write_datetime_with_format(row, place, time.naive_utc(), format)?;
        }
        other => {
            page.write_string(row, place, other.to_string())?;
        }
    }
    Ok(())
}

/// The number that Excel's own arithmetic has for at most 15 digits: reading them gives it back.
fn nearest(cell: &Cell) -> f64 {
    cell.to_string().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn rows_past_a_sheets_last_go_on_in_the_next() {
        let columns = vec![SheetColumn::new("number", Kind::Int, "Nombre")];
        let sheet = Sheet::new("numbers", columns, DateTime::UNIX_EPOCH);
        let mut out = XlsxSheet::with_rows(&sheet, Language::En, Vec::new(), 4).unwrap();
        for number in 0..7_i64 {
            out.write(&sheet, &[number.into()]).unwrap();
        }
        let names = |book: &mut Workbook| -> Vec<String> {
            book.worksheets().iter().map(rust_xlsxwriter::Worksheet::name).collect()
        };
        assert_eq!(names(&mut out.book), ["numbers", "numbers (2)", "numbers (3)"]);
        assert_eq!(out.next, 2);
        out.finish(&sheet).unwrap();
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_before_its_number() {
        let name = page_name(&"n".repeat(40), 12);
        assert_eq!(name, format!("{} (12)", "n".repeat(26)));
    }
}
