//! Reports as documents: making one, listing them, reading one as a page, a workbook or a table, withdrawing one.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sira_domain::role::Role;
use sira_projections::table::time_text;

use super::analytics::{check_audience, reader};
use crate::commands::{self, FormErrors};
use crate::figures::ReportAudience;
use crate::formats::{Format, asked_for};
use crate::grant::{KnownPlaces, Scope};
use crate::http::App;
use crate::http::contract::access::Access::{AnyRole, Roles};
use crate::http::contract::access::{FUND_READERS, REPORT_KEEPERS};
use crate::http::contract::answer::Plain;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Accepted, Body, FormBody, Named};
use crate::http::contract::operation::{Operation, Output};
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::reports::{
    ReportContent, ReportDocument, ReportDocuments, ReportRequest, page, table, workbook,
};

const TAG: Tag = Tag("reports");
/// The address of the list.
const LIST: &str = "/v1/reports";

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            LIST,
            AnyRole,
            (TAG, "list-report-documents"),
            "The reports that the caller may read, newest first, those that were withdrawn among them.",
            list,
        ),
        Endpoint::post(
            LIST,
            Roles(REPORT_KEEPERS),
            (TAG, "make-report-document"),
            "Makes a report of a period for one audience, and keeps it as it is for ever.",
            make,
        )
        .meeting(&[409, 503]),
        Endpoint::get(
            "/v1/reports/{name}",
            AnyRole,
            (TAG, "get-report-document"),
            "A report as JSON, as a page to print, as a workbook, or as one long table.",
            get,
        ),
        Endpoint::post(
            "/v1/reports/{name}/withdraw",
            Roles(REPORT_KEEPERS),
            (TAG, "withdraw-report-document"),
            "Withdraws a report with a reason: it stays listed and as it was made.",
            withdraw,
        ),
    ]
}

fn documents(app: &App) -> ReportDocuments {
    ReportDocuments::new(app.figures.clone(), app.commands.clone(), app.read.clone())
}

impl Body for ReportRequest {
    type Schema = Self;

    fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<commands::form::Form> =
            LazyLock::new(commands::form::Form::of::<ReportRequest>);
        FORM.read(body)
    }
}

/// Why a report is withdrawn.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportWithdrawalForm {
    /// The reason, for whoever holds a copy.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

impl Body for ReportWithdrawalForm {
    type Schema = Self;

    fn read(body: Value) -> Result<Self, FormErrors> {
        static FORM: LazyLock<commands::form::Form> =
            LazyLock::new(commands::form::Form::of::<ReportWithdrawalForm>);
        FORM.read(body)
    }
}

/// A report in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedReport {
    /// Its name.
    name: String,
    /// When it was made.
    frozen_at: DateTime<Utc>,
    /// Who made it.
    frozen_by: String,
    /// For whom it is. Everybody who may read it is shown the same.
    audience: ReportAudience,
    /// SHA-256 of its content, hexadecimal; left out for its author where they may not read it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    content_sha256: Option<String>,
    /// When it was withdrawn; left out while it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "DateTime<Utc>")]
    withdrawn_at: Option<DateTime<Utc>>,
    /// Who withdrew it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    withdrawn_by: Option<String>,
    /// Why it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    withdrawn_because: Option<String>,
}

impl From<&ReportDocument> for ListedReport {
    fn from(document: &ReportDocument) -> Self {
        let withdrawal = document.withdrawal();
        Self {
            name: document.name.clone(),
            frozen_at: document.frozen_at(),
            frozen_by: document.frozen_by.clone(),
            audience: document.audience(),
            content_sha256: Some(document.sha256().to_owned()),
            withdrawn_at: withdrawal.as_ref().map(|one| one.at),
            withdrawn_by: withdrawal.as_ref().map(|one| one.by.clone()),
            withdrawn_because: withdrawal.map(|one| one.reason),
        }
    }
}

/// A report that was made now or before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MadeReport {
    /// The report.
    #[serde(flatten)]
    report: ListedReport,
    /// Whether it had been made before, from the same.
    already_done: bool,
}

impl IntoResponse for MadeReport {
    fn into_response(self) -> Response {
        let status = if self.already_done { StatusCode::OK } else { StatusCode::CREATED };
        (status, axum::Json(self)).into_response()
    }
}

impl Output for MadeReport {
    fn describe(operation: &mut Operation) {
        operation.json::<Self>(201, "It was made now.", &[]);
        operation.json::<Self>(200, "It had been made before, from the same.", &[]);
    }
}

fn may_read(own: &ReportAudience, document: &ReportDocument, known: &KnownPlaces) -> bool {
    own == &document.audience() || own.may_read(&document.audience(), known)
}

/// A report that the caller may read; none there is for who may not know of it.
async fn readable(app: &App, caller: &Caller, name: &str) -> Result<ReportDocument, ApiError> {
    let document = documents(app).find(name).await?;
    let known = app.commands.known_places().await?;
    let own = ReportAudience::of_grant(&caller.grant);
    let has_funds = || document.content.contains("\"part\":\"funds\"");
    let is_for_them = may_read(&own, &document, &known)
        // What a fund holds is for those who see funds.
        && (FUND_READERS.contains(&caller.grant.role) || !has_funds());
    if is_for_them { Ok(document) } else { Err(ApiError::NotFound) }
}

/// `POST /v1/reports`.
async fn make(
    State(app): State<App>,
    caller: Caller,
    FormBody { form, .. }: FormBody<ReportRequest>,
) -> Result<MadeReport, ApiError> {
    let (_, _turn) = reader(&app, &caller).await?;
    let own = || ReportAudience::of_grant(&caller.grant);
    let audience = form.audience.clone().unwrap_or_else(own);
    check_audience(&app, &caller, &audience).await?;
    let by = (&caller.grant.actor, &audience);
    let (document, already_done) = documents(&app).make(&form, by).await?;
    Ok(MadeReport { report: ListedReport::from(&document), already_done })
}

/// Parameters of the list.
#[derive(Debug, Deserialize, JsonSchema)]
struct ReportQuery {
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// A page of reports.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportListing {
    /// The reports, newest first.
    items: Vec<ListedReport>,
    /// Where the next page begins; nothing on the last one.
    next_cursor: Option<String>,
}

/// `GET /v1/reports`.
async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Query<ReportQuery>,
) -> Result<Plain<ReportListing>, ApiError> {
    let own = ReportAudience::of_grant(&caller.grant);
    let known = app.commands.known_places().await?;
    let after = asked.place_of(|name| Some(name.to_owned()))?;
    let all = documents(&app).all().await?;
    let mut readable = all.iter().filter(|one| may_read(&own, one, &known));
    if let Some(after) = after {
        // A report is never taken away: the place of the last one stays.
        readable.find(|one| one.name == after);
    }
    let limit = asked.limit.get() as usize;
    let page: Vec<&ReportDocument> = readable.by_ref().take(limit).collect();
    let more = readable.next().is_some();
    let last = page.last().filter(|_| more).map(|one| asked.cursor_to(&one.name));
    Ok(Plain(ReportListing {
        items: page.into_iter().map(ListedReport::from).collect(),
        next_cursor: last,
    }))
}

/// A report as it is read by a program.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownReportDocument {
    /// The report.
    #[serde(flatten)]
    report: ListedReport,
    /// Whether its content is what its hash says, and the event that it was made of what it was.
    is_as_frozen: bool,
    /// All that it says.
    content: ReportContent,
}

/// A report in the form that was asked for.
pub struct ReportAnswer {
    bytes: Vec<u8>,
    content_type: &'static str,
    disposition: Option<String>,
    /// When it was withdrawn: a page and a workbook say what they said, and this is said beside them.
    withdrawn_at: Option<DateTime<Utc>>,
}

impl IntoResponse for ReportAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.bytes.into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        let withdrawn = self.withdrawn_at.map(time_text);
        if let Some(at) = withdrawn.and_then(|at| HeaderValue::from_str(&at).ok()) {
            headers.insert("sira-withdrawn-at", at);
        }
        let how = self.disposition.and_then(|how| HeaderValue::from_str(&how).ok());
        if let Some(how) = how {
            headers.insert(header::CONTENT_DISPOSITION, how);
        }
        response
    }
}

impl Output for ReportAnswer {
    fn describe(operation: &mut Operation) {
        let shown = operation.schema_of::<ShownReportDocument>();
        let text = json!({ "type": "string" });
        let binary = json!({ "type": "string", "format": "binary" });
        let content = [
            ("application/json", shown),
            ("text/html", text.clone()),
            ("text/csv", text),
            (Format::Parquet.media_type(), binary.clone()),
            (Format::Xlsx.media_type(), binary),
        ];
        operation.answer(200, "The report.", &[], &content);
        operation.problems(&[406]);
    }
}

/// `GET /v1/reports/{name}`.
async fn get(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    Accepted(accept): Accepted,
) -> Result<ReportAnswer, ApiError> {
    let (_, _turn) = reader(&app, &caller).await?;
    let document = readable(&app, &caller, &name).await?;
    let content = document.read()?;
    let withdrawn_at = document.withdrawal().map(|withdrawal| withdrawal.at);
    let (language, sha256) = (caller.language(), document.sha256().to_owned());
    let page_asked = accept.as_deref().map_or(0, |accept| asked_for(accept, "text/html"));
    let format = Format::negotiate(accept.as_deref());
    let other = format.map_or(0, |format| {
        accept.as_deref().map_or(1000, |accept| asked_for(accept, format.media_type()))
    });
    if page_asked > other {
        let bytes = page(&content, &sha256, language).into_bytes();
        return Ok(ReportAnswer {
            bytes,
            content_type: "text/html; charset=utf-8",
            disposition: None,
            withdrawn_at,
        });
    }
    let offered = || {
        let formats = Format::ALL.iter().map(|format| format.media_type());
        ApiError::NotAcceptable(formats.chain(["text/html"]).collect())
    };
    let format = format.ok_or_else(offered)?;
    let disposition = Some(format.content_disposition(&content.name));
    let bytes = match format {
        Format::Json => {
            let whole = documents(&app).stands_in_the_log(&content).await? && document.is_whole();
            let shown = ShownReportDocument {
                report: ListedReport::from(&document),
                is_as_frozen: whole,
                content,
            };
            let bytes = serde_json::to_vec(&shown).map_err(std::io::Error::from);
            let bytes = bytes.map_err(crate::formats::FormatError::from)?;
            return Ok(ReportAnswer {
                bytes,
                content_type: "application/json",
                disposition: None,
                withdrawn_at,
            });
        }
        Format::Xlsx => workbook(&content, &sha256, language)?,
        Format::Csv | Format::Parquet => table(&content, &sha256, format, language)?,
    };
    Ok(ReportAnswer { bytes, content_type: format.content_type(), disposition, withdrawn_at })
}

/// `POST /v1/reports/{name}/withdraw`: by who made it, or by somebody who reaches everything.
async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    FormBody { form, .. }: FormBody<ReportWithdrawalForm>,
) -> Result<Plain<ListedReport>, ApiError> {
    let document = documents(&app).find(&name).await?;
    let grant = &caller.grant;
    let is_over_all =
        grant.scope == Scope::All && matches!(grant.role, Role::Director | Role::Admin);
    // Its author may withdraw it, also where they are told less by now than it tells.
    let may_read = readable(&app, &caller, &name).await.is_ok();
    if !is_over_all && document.frozen_by != grant.actor.as_str() {
        return Err(if may_read { ApiError::OutOfScope } else { ApiError::NotFound });
    }
    let document = documents(&app).withdraw(&name, &grant.actor, &form.reason).await?;
    let told = ListedReport::from(&document);
    Ok(Plain(if may_read { told } else { ListedReport { content_sha256: None, ..told } }))
}
