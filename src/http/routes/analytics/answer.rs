//! Figures as JSON with their definitions, or as a sheet.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use sira_domain::reference::Language;
use sira_projections::analytics::compute::groups;
use sira_projections::analytics::targets::Reached;
use sira_projections::analytics::{
    Cell as FigureCell, Dimension, Figures, Indicator, Kind, PLACES,
};
use sira_projections::table::{Cell, Decimal, Kind as CellKind};

use crate::figures::{Found, Question, When};
use crate::formats::{Column, Format, Sheet, write_sheet};
use crate::http::problem::{self, Problem};
use crate::http::reading;
use crate::http::request::Caller;

/// Figures in the format that the caller takes.
pub fn figures(
    caller: &Caller,
    headers: &HeaderMap,
    name: &'static str,
    question: &Question,
    found: &Found,
    figures: &[Figures],
) -> Result<Response, Response> {
    let format = format(caller, headers)?;
    if format == Format::Json {
        let mut body = head(question, found);
        body.insert(
            "definitions".into(),
            definitions(figures.iter().map(|one| one.indicator), caller),
        );
        body.insert("rows".into(), rows(figures, question).into());
        return Ok(varying(reading::answer(&body.into(), found.at.position)));
    }
    let sheet = Sheet::new(name, columns(figures, question), found.recorded_at);
    let cells: Vec<Vec<Cell>> = figures
        .iter()
        .flat_map(|one| one.cells.iter().map(|cell| row(one, cell, figures, question)))
        .collect();
    sheet_response(caller, format, sheet, question, found, &cells)
}

/// Targets in the format that the caller takes.
pub fn targets(
    caller: &Caller,
    headers: &HeaderMap,
    question: &Question,
    found: &Found,
    reached: &[Reached],
) -> Result<Response, Response> {
    let format = format(caller, headers)?;
    if format == Format::Json {
        let known = reached.iter().filter_map(|one| {
            sira_projections::analytics::Indicators::named(&one.target.indicator)
        });
        let mut body = head(question, found);
        body.insert("definitions".into(), definitions(known, caller));
        body.insert("rows".into(), reached.iter().map(target_value).collect());
        return Ok(varying(reading::answer(&body.into(), found.at.position)));
    }
    let sheet = Sheet::new("targets", target_columns(), found.recorded_at);
    let cells: Vec<_> = reached.iter().map(target_row).collect();
    sheet_response(caller, format, sheet, question, found, &cells)
}

fn format(caller: &Caller, headers: &HeaderMap) -> Result<Format, Response> {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    Format::negotiate(accept).ok_or_else(|| {
        let types: Vec<_> = Format::ALL.iter().map(|format| format.media_type()).collect();
        let problem = Problem::new(problem::NOT_ACCEPTABLE, caller.envelope.language);
        caller.envelope.problem(&problem.detail(types.join(", ")))
    })
}

fn varying(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    response
}

/// What was asked and of when.
pub fn head(question: &Question, found: &Found) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("position".into(), found.at.position.into());
    body.insert("day".into(), found.at.day.to_string().into());
    let as_of = match question.when {
        When::Time(time) => json!(sira_projections::table::time_text(time)),
        _ => Value::Null,
    };
    body.insert("as_of".into(), as_of);
    let groups: Vec<_> = question.query.group_by.iter().map(|group| group.word()).collect();
    body.insert("group_by".into(), groups.into());
    body
}

/// The definitions of indicators in the caller's language, each once.
pub fn definitions(indicators: impl Iterator<Item = &'static Indicator>, caller: &Caller) -> Value {
    let french = caller.envelope.language == Language::Fr;
    let mut told = Vec::new();
    let mut list: Vec<Value> = Vec::new();
    for indicator in indicators {
        if told.contains(&indicator.name) {
            continue;
        }
        told.push(indicator.name);
        list.push(json!({
            "name": indicator.name,
            "label": indicator.label(french),
            "formula": if french { indicator.formula_fr } else { indicator.formula_en },
            "unit": indicator.unit.word(),
            "over": match indicator.kind { Kind::Flow => "period", Kind::Stock => "day" },
            "source": indicator.source,
        }));
    }
    list.into()
}

fn groups_of(figures: &Figures, question: &Question) -> Vec<Dimension> {
    groups(figures.indicator, &question.query.group_by)
}

fn rows(figures: &[Figures], question: &Question) -> Vec<Value> {
    let mut rows = Vec::new();
    for one in figures {
        let groups = groups_of(one, question);
        for cell in &one.cells {
            let mut row = Map::new();
            row.insert("indicator".into(), one.indicator.name.into());
            for (group, word) in groups.iter().zip(&cell.words) {
                row.insert(group.word().into(), word_value(word));
            }
            tell(&mut row, cell);
            rows.push(row.into());
        }
    }
    rows
}

/// A fact without a word for a dimension has none in the answer.
fn word_value(word: &str) -> Value {
    if word.is_empty() { Value::Null } else { word.into() }
}

/// A cell's figures.
pub fn tell(row: &mut Map<String, Value>, cell: &FigureCell) {
    row.insert("value".into(), decimal_value(cell.value));
    row.insert("numerator".into(), whole(cell.part));
    row.insert("denominator".into(), whole(cell.whole));
    if cell.suppressed {
        row.insert("suppressed".into(), true.into());
    }
}

fn whole(number: Option<i128>) -> Value {
    number.and_then(|number| i64::try_from(number).ok()).map_or(Value::Null, Into::into)
}

/// Whole numbers as such; the others as the number nearest to their two places, which is what their
/// text reads.
fn decimal_value(value: Option<Decimal>) -> Value {
    let Some(value) = value else { return Value::Null };
    let one = 10_i64.pow(value.scale().into());
    if value.unscaled() % one == 0 {
        return (value.unscaled() / one).into();
    }
    value.to_string().parse::<f64>().map_or(Value::Null, Into::into)
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

/// Target, gap and rate, of a target with what was reached.
fn measures(one: &Reached) -> [Option<Decimal>; 4] {
    let aim = Decimal::of_ratio(one.target.value.into(), 1, PLACES);
    let scaled = |value: Decimal| i128::from(value.unscaled());
    let parts = 10_i128.pow(PLACES.into());
    let both = one.actual.zip(aim);
    let gap = both
        .and_then(|(actual, aim)| Decimal::of_ratio(scaled(actual) - scaled(aim), parts, PLACES));
    let percent =
        both.and_then(|(actual, aim)| Decimal::of_ratio(scaled(actual) * 100, scaled(aim), PLACES));
    [aim, one.actual, gap, percent]
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

fn target_value(one: &Reached) -> Value {
    let target = &one.target;
    let [aim, actual, gap, percent] = measures(one).map(decimal_value);
    let mut row = json!({
        "programme": target.programme, "indicator": target.indicator,
        "from": target.from_on, "to": target.to_on, "region": target.region, "sex": target.sex,
        "target": aim, "actual": actual, "gap": gap, "percent": percent,
    });
    if one.suppressed {
        row["suppressed"] = true.into();
    }
    row
}

fn sheet_response(
    caller: &Caller,
    format: Format,
    sheet: Sheet,
    question: &Question,
    found: &Found,
    rows: &[Vec<Cell>],
) -> Result<Response, Response> {
    let name = sheet.name.clone();
    let sheet = sheet.about("position", found.at.position).about("day", found.at.day);
    let written = write_sheet(format, sheet, question.headings, rows.iter().map(Vec::as_slice));
    let bytes = written.map_err(|error| {
        let request_id = &*caller.envelope.request_id;
        tracing::error!(request_id, %error, "a sheet could not be written");
        caller.envelope.kind(problem::INTERNAL)
    })?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert("sira-position", HeaderValue::from(found.at.position));
    if let Ok(how) = HeaderValue::from_str(&format.content_disposition(&name)) {
        headers.insert(header::CONTENT_DISPOSITION, how);
    }
    Ok(varying(response))
}
