//! Frozen reports: naming one, listing them, and what changed since.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sira_domain::role::Role;
use sira_numbers::{Position, Sequence};
use sira_projections::analytics::FigureCell;
use sira_projections::analytics::compute::groups;
use uuid::Uuid;

use super::answer::{Definition, definitions};
use super::reader;
use super::row::CellFigures;
use crate::commands::{self, FormErrors};
use crate::figures::{FrozenReport, ReportAudience, Shown, ShownCell, Subject};
use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::access::PATH_READERS;
use crate::http::contract::answer::{Plain, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Body, FormBody, Named};
use crate::http::contract::operation::{Operation, Output};
use crate::token::Grant;

/// What a report is frozen from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportForm {
    /// Its name.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    name: String,
    /// The last part of the route that answers it; targets cannot be frozen.
    #[schemars(schema_with = "subjects")]
    subject: String,
    /// Its parameters, as in an address; `as_of` and `as_of_position` choose the moment.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    query: String,
    /// For whom it is: how it is told, and how far they reach; the caller's own audience when left out. Who reaches
    /// everything may freeze it for anybody, as for a donor.
    #[serde(default)]
    audience: Option<ReportAudience>,
}

fn subjects(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let words: Vec<_> = Subject::ALL.iter().map(|(word, _)| *word).collect();
    schemars::json_schema!({ "type": "string", "enum": words })
}

impl Body for ReportForm {
    type Schema = Self;

    fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<commands::form::Form> =
            LazyLock::new(commands::form::Form::of::<ReportForm>);
        FORM.read(body)
    }
}

/// A frozen report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Its name.
    name: String,
    /// What it is about.
    subject: String,
    /// Its question, as in an address.
    query: String,
    /// What was recorded up to here is in it.
    position: Position,
    /// The day that it is of.
    day: NaiveDate,
    /// When it was frozen.
    frozen_at: DateTime<Utc>,
    /// Who froze it.
    frozen_by: String,
    /// When it was withdrawn, if it was: it stays as it was frozen, and nobody needs it any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "DateTime<Utc>")]
    withdrawn_at: Option<DateTime<Utc>>,
    /// Who withdrew it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    withdrawn_by: Option<String>,
    /// The leaf hash of the event at its position, hexadecimal.
    leaf_hash: String,
    /// For whom it is. Everybody who may read it is shown the same.
    audience: ReportAudience,
    /// SHA-256 of its figures as they are shown, hexadecimal; left out for its author where they may not read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    answer_sha256: Option<String>,
}

impl From<&FrozenReport> for Report {
    fn from(report: &FrozenReport) -> Self {
        Self {
            name: report.name.clone(),
            subject: report.subject.clone(),
            query: report.query.clone(),
            position: report.position(),
            day: report.day(),
            frozen_at: report.frozen_at(),
            frozen_by: report.frozen_by.clone(),
            withdrawn_at: report.withdrawn_at(),
            withdrawn_by: report.withdrawn_by.clone(),
            leaf_hash: report.leaf_hash(),
            audience: report.audience(),
            answer_sha256: Some(report.answer_sha256()),
        }
    }
}

/// Refuses a report that is for others than the caller: what they would be shown of it is another content.
pub async fn check_audience(
    app: &App,
    caller: &Caller,
    audience: &ReportAudience,
) -> Result<(), ApiError> {
    let own = ReportAudience::of_grant(&caller.grant);
    if own == *audience {
        return Ok(());
    }
    let known = app.commands.known_places().await?;
    if own.may_read(audience, &known) { Ok(()) } else { Err(ApiError::OutOfScope) }
}

/// A report that was frozen now or before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Frozen {
    /// The report.
    #[serde(flatten)]
    report: Report,
    /// Whether it had been frozen before, with the same question.
    already_done: bool,
}

impl IntoResponse for Frozen {
    fn into_response(self) -> Response {
        let status = if self.already_done { StatusCode::OK } else { StatusCode::CREATED };
        (status, axum::Json(self)).into_response()
    }
}

impl Output for Frozen {
    fn describe(operation: &mut Operation) {
        operation.json::<Self>(201, "It was frozen now.", &[]);
        operation.json::<Self>(200, "It had been frozen before, with the same question.", &[]);
    }
}

/// `POST /v1/analytics/reports`.
pub async fn freeze(
    State(app): State<App>,
    caller: Caller,
    FormBody { form, .. }: FormBody<ReportForm>,
) -> Result<Frozen, ApiError> {
    let ReportForm { name, subject, query, audience } = form;
    let (_, _turn) = reader(&app, &caller).await?;
    let audience = audience.unwrap_or_else(|| ReportAudience::of_grant(&caller.grant));
    check_audience(&app, &caller, &audience).await?;
    let by = (&caller.grant.actor, &audience);
    let (report, already_done) = app.figures.freeze(&name, (&subject, &query), by).await?;
    check_audience(&app, &caller, &report.audience()).await?;
    Ok(Frozen { report: Report::from(&report), already_done })
}

/// `POST /v1/analytics/reports/{name}/withdraw`: by who froze it, or by somebody who reaches everything.
pub async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
) -> Result<Plain<Report>, ApiError> {
    let report = app.figures.report(&name).await?;
    let Grant { actor, scope, role, .. } = &*caller.grant;
    let is_over_all = *scope == Scope::All && matches!(role, Role::Director | Role::Admin);
    if !is_over_all && report.frozen_by != actor.as_str() {
        return Err(ApiError::OutOfScope);
    }
    // Its author may be told less by now than it tells: then nothing of what it holds is answered.
    let may_read = check_audience(&app, &caller, &report.audience()).await.is_ok();
    let report = app.figures.withdraw(&name, actor).await?;
    let told = Report::from(&report);
    Ok(Plain(if may_read { told } else { Report { answer_sha256: None, ..told } }))
}

/// The frozen reports that the caller may read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reports {
    /// The reports, newest first.
    reports: Vec<Report>,
}

/// `GET /v1/analytics/reports`.
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Plain<Reports>, ApiError> {
    let own = ReportAudience::of_grant(&caller.grant);
    let known = app.commands.known_places().await?;
    let reports = app.figures.reports().await?;
    let readable = reports.iter().filter(|one| own.may_read(&one.audience(), &known));
    Ok(Plain(Reports { reports: readable.map(Report::from).collect() }))
}

/// A report, then and now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShownReport {
    /// The report.
    #[serde(flatten)]
    report: Report,
    /// Whether the figures at its position and the event there are what they were.
    is_as_frozen: bool,
    /// The reporting moment of what is shown as frozen, for those who must see nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "NaiveDate")]
    published_at: Option<NaiveDate>,
    /// The reporting moment of `now`, for those who must see nobody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "NaiveDate")]
    now_published_at: Option<NaiveDate>,
    /// The position of `now`.
    now_position: Position,
    /// What each indicator is.
    definitions: Vec<Definition>,
    /// Its cells.
    rows: Vec<ReportRow>,
}

/// A cell of a report, then and now.
#[derive(Debug, Serialize, JsonSchema)]
struct ReportRow {
    /// The indicator.
    indicator: &'static str,
    /// The cell's word in each dimension of the breakdown, by the dimension's word.
    #[serde(flatten)]
    groups: Map<String, Value>,
    /// As frozen; nothing when nothing was in the cell then.
    frozen: Option<CellFigures>,
    /// As it is now, of the same day.
    now: Option<CellFigures>,
    /// The first events that came between, for those who reach everybody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Vec<Between>")]
    events: Option<Vec<Between>>,
    /// How many came between.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "u64")]
    events_count: Option<u64>,
}

/// An event that changed a cell since.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventBetween")]
struct Between {
    /// Its position.
    position: Position,
    /// The path.
    id: Uuid,
    /// Its sequence in the path.
    sequence: Sequence,
}

/// `GET /v1/analytics/reports/{name}`.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
) -> Result<Read<ShownReport>, ApiError> {
    let (_, _turn) = reader(&app, &caller).await?;
    check_audience(&app, &caller, &app.figures.report(&name).await?.audience()).await?;
    let shown = app.figures.show_report(&name, None).await?;
    // Ids are told to those who reach everybody: a cell may hold who was handed over since.
    let sees_paths = PATH_READERS.contains(&caller.grant.role) && caller.grant.scope == Scope::All;
    let indicators = shown.question.indicators.iter().copied();
    let body = ShownReport {
        report: Report::from(&shown.report),
        published_at: shown.published.map(|(then, _)| then),
        now_published_at: shown.published.map(|(_, now)| now),
        is_as_frozen: shown.is_as_frozen,
        now_position: shown.now_position,
        definitions: definitions(indicators, caller.language()),
        rows: shown.cells.iter().map(|cell| row(cell, &shown, sees_paths)).collect(),
    };
    Ok(Read { body, position: shown.now_position })
}

fn row(cell: &ShownCell, shown: &Shown, sees_paths: bool) -> ReportRow {
    let groups = groups(cell.indicator, &shown.question.query.group_by);
    let words = groups.iter().zip(&cell.words);
    let words = words.map(|(group, word)| (group.word().to_owned(), word.clone().into()));
    let side = |side: &Option<FigureCell>| side.as_ref().map(Into::into);
    let (events, count) = &cell.changes;
    let between = |(position, id, sequence): &(Position, Uuid, Sequence)| Between {
        position: *position,
        id: *id,
        sequence: *sequence,
    };
    ReportRow {
        indicator: cell.indicator.name,
        groups: words.collect(),
        frozen: side(&cell.frozen),
        now: side(&cell.now),
        events: (*count > 0 && sees_paths).then(|| events.iter().map(between).collect()),
        events_count: (*count > 0).then_some(*count),
    }
}
