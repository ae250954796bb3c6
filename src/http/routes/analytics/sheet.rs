//! Figures and targets in the format that was asked for.

use sira_domain::reference::Language;
use sira_projections::analytics::targets::Reached;
use sira_projections::analytics::{ComputedFigures, Dimension, FigureCell, Indicators, PLACES};
use sira_projections::table::{Cell, Kind as CellKind};

use super::answer::{FigureAnswer, FigureHead, FigureTable, definitions};
use super::row::{groups_of, measures, rows};
use crate::figures::{FoundMoment, GroupLabels, Question};
use crate::formats::{Format, Sheet, SheetColumn, write_sheet};
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
    found: &FoundMoment,
    (figures, labels): (&[ComputedFigures], &GroupLabels),
) -> Result<FigureAnswer, ApiError> {
    if format == Format::Json {
        let body = FigureTable {
            head: FigureHead::of(question, found, language),
            definitions: definitions(figures.iter().map(|one| one.indicator), language),
            rows: rows(figures, question, (labels, language)),
        };
        return Ok(FigureAnswer::json(&body, found.at.position)?);
    }
    let sheet = Sheet::new(name, columns(figures, question), found.recorded_at);
    let cells: Vec<Vec<Cell>> = figures
        .iter()
        .flat_map(|one| one.cells.iter().map(|cell| row((one, cell), figures, question, labels)))
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
    found: &FoundMoment,
    reached: &[Reached],
) -> Result<FigureAnswer, ApiError> {
    if format == Format::Json {
        let known = reached.iter().filter_map(|one| Indicators::named(&one.target.indicator));
        let body = FigureTable {
            head: FigureHead::of(question, found, language),
            definitions: definitions(known, language),
            rows: reached.iter().map(Into::into).collect(),
        };
        return Ok(FigureAnswer::json(&body, found.at.position)?);
    }
    let sheet = Sheet::new("targets", target_columns(), found.recorded_at);
    let cells: Vec<_> = reached.iter().map(target_row).collect();
    write(format, sheet, question, found, &cells)
}

fn write(
    format: Format,
    sheet: Sheet,
    question: &Question,
    found: &FoundMoment,
    rows: &[Vec<Cell>],
) -> Result<FigureAnswer, ApiError> {
    let name = sheet.name.to_string();
    let position = found.at.position;
    let mut sheet = sheet.about("position", position).about("day", found.at.day);
    if let Some(day) = found.published_at {
        sheet = sheet.about("published_at", day);
    }
    let bytes = write_sheet(format, sheet, question.headings, rows.iter().map(Vec::as_slice))?;
    Ok(FigureAnswer::sheet(format, &name, bytes, position))
}

/// Every dimension that some row has, in order.
fn all_groups(figures: &[ComputedFigures], question: &Question) -> Vec<Dimension> {
    let mut all = question.query.group_by.clone();
    for group in figures.iter().flat_map(|one| groups_of(one, question)) {
        if !all.contains(&group) {
            all.push(group);
        }
    }
    all
}

fn columns(figures: &[ComputedFigures], question: &Question) -> Vec<SheetColumn> {
    let mut columns = vec![SheetColumn::new("indicator", CellKind::Text, "Indicateur")];
    for group in all_groups(figures, question) {
        columns.push(SheetColumn::new(group.word(), CellKind::Text, group.labels().0));
    }
    columns.extend([
        SheetColumn::new("value", CellKind::Decimal(PLACES), "Valeur"),
        SheetColumn::new("unit", CellKind::Text, "Unité"),
        SheetColumn::new("numerator", CellKind::Int, "Numérateur"),
        SheetColumn::new("denominator", CellKind::Int, "Dénominateur"),
        SheetColumn::new("suppressed", CellKind::Flag, "Non publié"),
        SheetColumn::new("held", CellKind::Flag, "En attente"),
    ]);
    columns
}

fn row(
    (one, cell): (&ComputedFigures, &FigureCell),
    all: &[ComputedFigures],
    question: &Question,
    labels: &GroupLabels,
) -> Vec<Cell> {
    let own = groups_of(one, question);
    // With French headings it is for people, and says what everything is called.
    let is_for_people = question.headings == Language::Fr;
    let name = if is_for_people { one.indicator.fr } else { one.indicator.name };
    let mut cells = vec![Cell::from(name)];
    for group in all_groups(all, question) {
        let word = own.iter().position(|known| *known == group).and_then(|at| cell.words.get(at));
        cells.push(match word {
            Some(word) if is_for_people => labels.label(group, word, Language::Fr).into(),
            word => Cell::maybe(word.filter(|word| !word.is_empty()).cloned()),
        });
    }
    let number = |number: Option<i128>| Cell::maybe(number.and_then(|one| i64::try_from(one).ok()));
    cells.extend([
        Cell::maybe(cell.value),
        one.indicator.unit.word().into(),
        number(cell.part),
        number(cell.whole),
        cell.suppressed.into(),
        cell.held.into(),
    ]);
    cells
}

fn target_columns() -> Vec<SheetColumn> {
    let text = |name, fr| SheetColumn::new(name, CellKind::Text, fr);
    vec![
        text("programme", "Programme"),
        text("indicator", "Indicateur"),
        SheetColumn::new("from", CellKind::Date, "Du"),
        SheetColumn::new("to", CellKind::Date, "Au"),
        text("region", "Région"),
        text("sex", "Sexe"),
        SheetColumn::new("target", CellKind::Decimal(PLACES), "Cible"),
        SheetColumn::new("actual", CellKind::Decimal(PLACES), "Réalisé"),
        SheetColumn::new("gap", CellKind::Decimal(PLACES), "Écart"),
        SheetColumn::new("percent", CellKind::Decimal(PLACES), "Taux de réalisation"),
        SheetColumn::new("elapsed_percent", CellKind::Decimal(PLACES), "Période écoulée"),
        text("pace", "Avancement"),
        text("untold", "Raison de l'absence"),
        SheetColumn::new("held", CellKind::Flag, "En attente"),
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
        Cell::maybe(one.progress.elapsed),
        Cell::maybe(one.progress.pace.map(|pace| pace.word().to_owned())),
        Cell::maybe(one.untold.map(|untold| untold.word().to_owned())),
        one.held.into(),
    ]
}
