//! The papers that a path gives: which there are, and each as a page to print. Whoever prints one has read the
//! person's name, which is recorded before.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sira_domain::fund::Fund;
use sira_domain::path::{Beneficiary, Fact};
use sira_numbers::Sequence;

use super::find::{found, key_of, log_access, read_stream, stream_of};
use crate::commands::Loaded;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::operation::{Operation, Output};
use crate::http::contract::query::{Nothing, Query};
use crate::journal::RecordedEvent;
use crate::paper::{HandedPaper, PaperCode, PaperKind, convention_of, says, stands};
use crate::present::open_identity;

/// The papers that a path gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Papers {
    /// The papers, in the order of their facts.
    items: Vec<Paper>,
}

/// A paper that can be printed.
#[derive(Debug, Serialize, JsonSchema)]
struct Paper {
    /// Sequence of its fact in the path: what it is printed by.
    sequence: Sequence,
    /// What it is.
    kind: PaperKind,
    /// What that is called.
    label: &'static str,
    /// Day of the fact.
    occurred_on: NaiveDate,
    /// The code by which it is checked.
    code: String,
}

/// `GET /v1/beneficiaries/{id}/papers`.
pub async fn papers(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    _: Query<Nothing>,
) -> Result<Unkept<Papers>, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    let mut items = Vec::new();
    for event in read_stream(&app, id).await? {
        let Some((kind, occurred_on)) = paper_of(&path, &event) else { continue };
        // An event whose row was altered gives no paper: `sira verify` says which.
        if let Some(code) = code_of(&app, &event)? {
            items.push(Paper {
                sequence: event.sequence,
                kind,
                label: kind.label(caller.language()),
                occurred_on,
                code: code.to_string(),
            });
        }
    }
    Ok(Unkept(Papers { items }))
}

/// `GET /v1/beneficiaries/{id}/papers/{sequence}`.
pub async fn paper(
    State(app): State<App>,
    caller: Caller,
    Named((id, sequence)): Named<(String, Sequence)>,
    _: Query<Nothing>,
) -> Result<PrintedPaper, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    let events = read_stream(&app, id).await?;
    let event = events.iter().find(|event| event.sequence == sequence);
    let event = event.ok_or(ApiError::NotFound)?;
    let (kind, occurred_on) = paper_of(&path, event).ok_or(ApiError::NotFound)?;
    let fact = sequence.index().and_then(|index| path.state.past().get(index));
    let fact = fact.ok_or(ApiError::NotFound)?;
    // Of somebody who was erased no paper is printed any more; the code of one that was is known all the same.
    let key = key_of(&app, &path).await?.ok_or(ApiError::NotFound)?;
    log_access(&app, &caller, "paper", stream_of(id)).await?;
    let identity = open_identity(id, &path.state, &key).ok_or(ApiError::NotFound)?;
    let name = identity.get("name").and_then(|name| name.as_str()).unwrap_or_default().to_owned();
    let state = path.state.state();
    let registration = state.registration.as_ref().ok_or(ApiError::NotFound)?;
    let programme = app.commands.known_programme(registration.programme.0).await?;
    let (programme, parties) = convention_of(&programme);
    let code = code_of(&app, event)?.ok_or(ApiError::NotFound)?;
    let language = caller.language();
    let fund = fund_of(&app, &path, &fact.fact).await?;
    let (lines, tables) = says(&path.state, fact, fund.as_deref(), language);
    let check_url = app.public_url.as_deref().map(|url| format!("{url}/check/{code}"));
    let paper = HandedPaper {
        kind,
        language,
        programme,
        parties,
        office: state.office.as_ref().map(ToString::to_string).unwrap_or_default(),
        name,
        reference: registration.reference.to_string(),
        occurred_on,
        lines,
        tables,
        made_at: app.commands.clock().now(),
        code,
        check_url,
    };
    Ok(PrintedPaper(paper.page()))
}

/// What the fund of an agreement is called.
async fn fund_of(
    app: &App,
    path: &Loaded<Beneficiary>,
    fact: &Fact,
) -> Result<Option<String>, ApiError> {
    let Fact::AgreementSigned(agreement) = fact else { return Ok(None) };
    let Some(financing) = path.state.state().financing(agreement.financing) else {
        return Ok(None);
    };
    let fund = app.commands.current::<Fund>(financing.fund().0).await?;
    let envelope = fund.as_ref().and_then(|fund| fund.state.envelope.as_ref());
    Ok(envelope.map(|envelope| envelope.code.to_string()))
}

/// What an event of a path makes, where its fact stands.
fn paper_of(path: &Loaded<Beneficiary>, event: &RecordedEvent) -> Option<(PaperKind, NaiveDate)> {
    let fact = path.state.past().get(event.sequence.index()?)?;
    let kind = PaperKind::of(&fact.fact)?;
    stands(&path.state, event.sequence).then_some((kind, fact.occurred_on))
}

fn code_of(app: &App, event: &RecordedEvent) -> Result<Option<PaperCode>, ApiError> {
    Ok(PaperCode::of(app.commands.keys(), app.commands.journal().id(), event)?)
}

/// A paper as a page.
pub struct PrintedPaper(String);

impl IntoResponse for PrintedPaper {
    fn into_response(self) -> Response {
        let mut response = axum::response::Html(self.0).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        response
    }
}

impl Output for PrintedPaper {
    fn describe(operation: &mut Operation) {
        let page = json!({ "type": "string" });
        operation.answer(200, "The paper, to print.", &[], &[("text/html", page)]);
        operation.problems(&[503]);
    }
}
