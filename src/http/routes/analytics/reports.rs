//! Frozen reports: naming one, listing them, and what changed since.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use sira_projections::analytics::{Cell, compute::groups};

use super::{answer, failed, refused};
use crate::figures::{FrozenReport, ReportError, Shown, ShownCell, sees_nobody};
use crate::grant::Scope;
use crate::http::App;
use crate::http::access::{PATH_READERS, REPORT_KEEPERS};
use crate::http::problem::{self, Problem};
use crate::http::reading;
use crate::http::request::{Caller, JsonBody, Named};

/// `POST /v1/analytics/reports`.
pub async fn freeze(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Response> {
    caller.require(REPORT_KEEPERS)?;
    let [name, subject, query] = fields(&caller, &body.object)?;
    let frozen = app.figures.freeze(&name, (&subject, &query), &caller.grant.actor).await;
    let (report, already) = frozen.map_err(|error| answer_error(&caller, &error))?;
    let mut value = value_of(&report);
    value["already_done"] = already.into();
    let status = if already { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(value)).into_response())
}

/// The three texts of the body; an unknown field is refused.
fn fields(caller: &Caller, body: &Map<String, Value>) -> Result<[String; 3], Response> {
    let refuse = |field: &str, rule: &'static str, expected: &str| {
        let problem = Problem::new(problem::INVALID_BODY, caller.envelope.language);
        caller.envelope.problem(&problem.error(format!("/{field}"), rule, expected.to_owned()))
    };
    if body.keys().any(|key| !["name", "subject", "query"].contains(&key.as_str())) {
        return Err(refuse("", "unknown_field", "name, subject, query"));
    }
    let text = |field: &'static str, usual: Option<&str>| {
        let given = match body.get(field) {
            None => usual.map(str::to_owned),
            Some(value) => value.as_str().map(str::to_owned),
        };
        given.ok_or_else(|| refuse(field, "required", "text"))
    };
    Ok([text("name", None)?, text("subject", None)?, text("query", Some(""))?])
}

/// `GET /v1/analytics/reports`.
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Response> {
    let reports = app.figures.reports().await;
    let reports = reports.map_err(|error| answer_error(&caller, &error))?;
    let reports: Vec<_> = reports.iter().map(value_of).collect();
    Ok(Json(json!({ "reports": reports })).into_response())
}

/// `GET /v1/analytics/reports/{name}`.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
) -> Result<Response, Response> {
    let reach = app.figures.reach(&caller.grant.scope).await;
    let reach = reach.map_err(|error| failed(&caller, &error))?;
    let shown = app.figures.show_report(&name, reach, sees_nobody(caller.grant.role)).await;
    let shown = shown.map_err(|error| answer_error(&caller, &error))?;
    // Ids are told to those who reach everybody: a cell may hold who was handed over since.
    let sees_paths = PATH_READERS.contains(&caller.grant.role) && caller.grant.scope == Scope::All;
    Ok(reading::answer(&shown_value(&caller, &shown, sees_paths), shown.now_position))
}

fn value_of(report: &FrozenReport) -> Value {
    json!({
        "name": report.name,
        "subject": report.subject,
        "query": report.query,
        "position": report.position(),
        "day": report.day(),
        "frozen_at": report.frozen_at(),
        "frozen_by": report.frozen_by,
        "leaf_hash": report.leaf_hash(),
        "answer_sha256": report.answer_sha256(),
    })
}

fn shown_value(caller: &Caller, shown: &Shown, sees_paths: bool) -> Value {
    let mut value = value_of(&shown.report);
    value["is_as_frozen"] = shown.is_as_frozen.into();
    value["now_position"] = shown.now_position.into();
    let indicators = shown.question.indicators.iter().copied();
    value["definitions"] = answer::definitions(indicators, caller);
    let row = |cell: &ShownCell| row_value(cell, shown, sees_paths);
    value["rows"] = shown.cells.iter().map(row).collect();
    value
}

fn row_value(cell: &ShownCell, shown: &Shown, sees_paths: bool) -> Value {
    let mut row = Map::new();
    row.insert("indicator".into(), cell.indicator.name.into());
    let groups = groups(cell.indicator, &shown.question.query.group_by);
    for (group, word) in groups.iter().zip(&cell.words) {
        row.insert(group.word().into(), word.clone().into());
    }
    let side = |side: Option<&Cell>| {
        let mut figures = Map::new();
        side.map_or(Value::Null, |cell| {
            answer::tell(&mut figures, cell);
            figures.into()
        })
    };
    row.insert("frozen".into(), side(cell.frozen.as_ref()));
    row.insert("now".into(), side(cell.now.as_ref()));
    let is_hidden = [&cell.frozen, &cell.now].into_iter().flatten().any(|cell| cell.suppressed);
    let (events, count) = &cell.changes;
    if *count > 0 && sees_paths {
        let event = |(position, id, sequence): &(u64, uuid::Uuid, u64)| json!({ "position": position, "id": id, "sequence": sequence });
        row.insert("events".into(), events.iter().map(event).collect());
    }
    if *count > 0 && !is_hidden {
        row.insert("events_count".into(), (*count).into());
    }
    row.into()
}

fn answer_error(caller: &Caller, error: &ReportError) -> Response {
    match error {
        ReportError::Bad(bad) => refused(caller, bad),
        ReportError::NameTaken => {
            let problem = Problem::new(problem::REFUSED, caller.envelope.language);
            caller.envelope.problem(&problem.error("/name", "unique", "name".to_owned()))
        }
        ReportError::Unknown => caller.envelope.kind(problem::NOT_FOUND),
        ReportError::Figures(error) => failed(caller, error),
    }
}
