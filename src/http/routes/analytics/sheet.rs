//! Figures and targets in the format that was asked for.

use sira_domain::reference::Language;
use sira_projections::analytics::targets::Reached;
use sira_projections::analytics::{Cell as FigureCell, Dimension, Figures, Indicators, PLACES};
use sira_projections::table::{Cell, Kind as CellKind};

use super::answer::{FigureAnswer, FigureTable, Head, definitions};
use super::row::{groups_of, measures, rows};
use crate::figures::{Found, Question};
use crate::formats::{Column, Format, Sheet, write_sheet};
use crate::http::contract::answer::Read;
use crate::http::contract::error::ApiError;

/// Figures.
///
/// # Errors
/// When a sheet cannot be written.
pub fn figures(
    language: Language,
    format: Format,
    name: &'static str,
    question: &Question,
    found: &Found,
    figures: &[Figures],
) -> Result<FigureAnswer, ApiError> {
    if format == Format::Json {
        let body = FigureTable {
            head: Head::of(question, found),
            definitions: definitions(figures.iter().map(|one| one.indicator), language),
            rows: rows(figures, question),
        };
        return Ok(json(body, found));
    }
    let sheet = Sheet::new(name, columns(figures, question), found.recorded_at);
    let cells: Vec<Vec<Cell>> = figures
        .iter()
        .flat_map(|one| one.cells.iter().map(|cell| row(one, cell, figures, question)))
        .collect();
    write(format, sheet, question, found, &cells)
}

/// Targets.
///
/// # Errors
/// When a sheet cannot be written.
pub fn targets(
    language: Language,
    format: Format,
    question: &Question,
    found: &Found,
    reached: &[Reached],
) -> Result<FigureAnswer, ApiError> {
    if format == Format::Json {
        let known = reached.iter().filter_map(|one| Indicators::named(&one.target.indicator));
        let body = FigureTable {
            head: Head::of(question, found),
            definitions: definitions(known, language),
            rows: reached.iter().map(Into::into).collect(),
        };
        return Ok(json(body, found));
    }
    let sheet = Sheet::new("targets", target_columns(), found.recorded_at);
    let cells: Vec<_> = reached.iter().map(target_row).collect();
    write(format, sheet, question, found, &cells)
}

fn json(body: FigureTable, found: &Found) -> FigureAnswer {
    FigureAnswer::Json(Box::new(Read { body, position: found.at.position }))
}

fn write(
    format: Format,
    sheet: Sheet,
    question: &Question,
    found: &Found,
    rows: &[Vec<Cell>],
) -> Result<FigureAnswer, ApiError> {
    let name = sheet.name.to_string();
    let position = found.at.position;
    let sheet = sheet.about("position", position).about("day", found.at.day);
    let bytes = write_sheet(format, sheet, question.headings, rows.iter().map(Vec::as_slice))?;
    Ok(FigureAnswer::Sheet { format, name, bytes, position })
}

/// Every dimension that some row has, in order.
fn all_groups(figures: &[Figures], question: &Question) -> Vec<Dimension> {
    let mut all = question.query.group_by.clone();
    for group in figures.iter().flat_map(|one| groups_of(one, question)) {
        if !all.contains(&group) {
            all.push(group);
        }
    }
    all
}

fn columns(figures: &[Figures], question: &Question) -> Vec<Column> {
    let mut columns = vec![Column::new("indicator", CellKind::Text, "Indicateur")];
    for group in all_groups(figures, question) {
        columns.push(Column::new(group.word(), CellKind::Text, group.labels().0));
    }
    columns.extend([
        Column::new("value", CellKind::Decimal(PLACES), "Valeur"),
        Column::new("unit", CellKind::Text, "Unité"),
        Column::new("numerator", CellKind::Int, "Numérateur"),
        Column::new("denominator", CellKind::Int, "Dénominateur"),
        Column::new("suppressed", CellKind::Flag, "Masqué"),
    ]);
    columns
}

fn row(one: &Figures, cell: &FigureCell, all: &[Figures], question: &Question) -> Vec<Cell> {
    let own = groups_of(one, question);
    let mut cells = vec![Cell::from(one.indicator.name)];
    for group in all_groups(all, question) {
        let word = own.iter().position(|known| *known == group).and_then(|at| cell.words.get(at));
        cells.push(Cell::maybe(word.filter(|word| !word.is_empty()).cloned()));
    }
    let number = |number: Option<i128>| Cell::maybe(number.and_then(|one| i64::try_from(one).ok()));
    cells.extend([
        Cell::maybe(cell.value),
        one.indicator.unit.word().into(),
        number(cell.part),
        number(cell.whole),
        cell.suppressed.into(),
    ]);
    cells
}

fn target_columns() -> Vec<Column> {
    let text = |name, fr| Column::new(name, CellKind::Text, fr);
    vec![
        text("programme", "Programme"),
        text("indicator", "Indicateur"),
        Column::new("from", CellKind::Date, "Du"),
        Column::new("to", CellKind::Date, "Au"),
        text("region", "Région"),
        text("sex", "Sexe"),
        Column::new("target", CellKind::Decimal(PLACES), "Cible"),
        Column::new("actual", CellKind::Decimal(PLACES), "Réalisé"),
        Column::new("gap", CellKind::Decimal(PLACES), "Écart"),
        Column::new("percent", CellKind::Decimal(PLACES), "Taux de réalisation"),
        Column::new("suppressed", CellKind::Flag, "Masqué"),
    ]
}

fn target_row(one: &Reached) -> Vec<Cell> {
    let target = &one.target;
    let [aim, actual, gap, percent] = measures(one);
    vec![
        target.programme.clone().into(),
        target.indicator.clone().into(),
        target.from_on.into(),
        target.to_on.into(),
        Cell::maybe(target.region.clone()),
        Cell::maybe(target.sex.clone()),
        Cell::maybe(aim),
        Cell::maybe(actual),
        Cell::maybe(gap),
        Cell::maybe(percent),
        one.suppressed.into(),
    ]
}
