//! A report as one long table, for programs: a row a cell.

use sira_domain::reference::Language;
use sira_projections::table::{Cell, Kind};

use super::content::{ReportCell, ReportContent};
use crate::formats::{Format, FormatError, Sheet, SheetColumn, write_sheet};

/// Every cell of a report in one table: part, line, column, value.
///
/// # Errors
/// [`FormatError`].
pub fn table(
    content: &ReportContent,
    sha256: &str,
    format: Format,
    language: Language,
) -> Result<Vec<u8>, FormatError> {
    let columns = vec![
        SheetColumn::new("part", Kind::Text, "Partie"),
        SheetColumn::new("line", Kind::Int, "Ligne"),
        SheetColumn::new("line_label", Kind::Text, "Intitulé"),
        SheetColumn::new("column", Kind::Text, "Colonne"),
        SheetColumn::new("value", Kind::Text, "Valeur"),
    ];
    let sheet = Sheet::new(content.name.clone(), columns, content.made_at)
        .about("report", &content.name)
        .about("sha256", sha256)
        .about("from", content.from)
        .about("to", content.to)
        .about("as_of", content.as_of)
        .about("position", content.anchor.position);
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for part in &content.parts {
        if part.columns.is_empty() {
            let text = part.text.get(language).to_owned();
            rows.push(vec![
                part.part.clone().into(),
                1_i64.into(),
                part.title.get(language).to_owned().into(),
                "".into(),
                text.into(),
            ]);
        }
        for (line, row) in (1_i64..).zip(&part.rows) {
            let label = row.first().map_or_else(String::new, |cell| shown(cell, language));
            for (column, cell) in part.columns.iter().zip(row).skip(1) {
                rows.push(vec![
                    part.part.clone().into(),
                    line.into(),
                    label.clone().into(),
                    column.heading.get(language).to_owned().into(),
                    match cell {
                        ReportCell::Nothing(()) => Cell::Null,
                        cell => shown(cell, language).into(),
                    },
                ]);
            }
        }
    }
    write_sheet(format, sheet, language, rows.iter().map(Vec::as_slice))
}

fn shown(cell: &ReportCell, language: Language) -> String {
    match cell {
        ReportCell::Words(words) => words.get(language).to_owned(),
        ReportCell::Plain(text) => text.clone(),
        ReportCell::Nothing(()) => String::new(),
    }
}
