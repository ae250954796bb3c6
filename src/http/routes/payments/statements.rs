//! A statement of an operator or a bank beside a fund's payments.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sira_domain::fund::Fund;
use sira_domain::jurisdiction::Ground;
use sira_domain::reference::Language;
use sira_domain::refusal::Refusal;
use sira_numbers::Position;
use uuid::Uuid;

use super::super::beneficiaries::CASES;
use super::super::streams::current;
use super::list::PAYMENTS;
use crate::commands::CommandError;
use crate::formats::Format;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Accepted, CsvBody, MinPosition, Named};
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::http::contract::query::{Query, WrongParameter};
use crate::http::contract::reading::arrive;
use crate::reconcile::{
    Compared, MapForm, ReconcileError, StatementMap, reconcile, write_compared,
};

/// A comparison, written in the format that was asked for.
pub struct ComparedAnswer {
    bytes: Vec<u8>,
    format: Format,
    position: Position,
}

impl IntoResponse for ComparedAnswer {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.bytes.into());
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(self.format.content_type());
        headers.insert(header::CONTENT_TYPE, content_type);
        // References of surplus lines are the caller's own and nobody's else.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("sira-position", HeaderValue::from(self.position.get()));
        let disposition = self.format.content_disposition("reconciliation");
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
        response
    }
}

impl Output for ComparedAnswer {
    fn describe(operation: &mut Operation) {
        let headers = [AnswerHeader::Position, AnswerHeader::Disposition];
        operation.table::<Compared>(200, "What matches, and what does not.", &headers);
        operation.problems(&[404, 406, 503]);
    }
}

/// `POST /v1/funds/{id}/statements`: the map stands in the address, the statement is the body. Nothing is
/// recorded: what a person confirms of the answer is the command `confirm-reconciliation`.
pub async fn compare(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
    min: MinPosition,
    Accepted(accept): Accepted,
    asked: Query<MapForm>,
    CsvBody(bytes): CsvBody,
) -> Result<ComparedAnswer, ApiError> {
    let offered = || Format::ALL.iter().map(|format| format.media_type()).collect();
    let format = Format::negotiate(accept.as_deref());
    let format = format.ok_or_else(|| ApiError::NotAcceptable(offered()))?;
    let language = caller.language();
    check_reach(&app, &caller, id).await?;
    let map =
        StatementMap::of(MapForm::clone(&asked)).map_err(|error| told(error.into(), language))?;
    // What is not read yet would be missing of the fund and surplus of the statement.
    let head = app.commands.journal().head().await.map_err(CommandError::from)?.position;
    let min = MinPosition(min.0.max(Some(head)));
    let position = arrive(&app, min, &[PAYMENTS, CASES]).await?;
    let compared = reconcile(&app.read, id, map, bytes).await;
    let compared = compared.map_err(|error| told(error, language))?;
    let as_of = app.commands.clock().now();
    let written =
        tokio::task::spawn_blocking(move || write_compared(&compared, format, language, as_of));
    let written =
        written.await.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()));
    Ok(ComparedAnswer { bytes: written?, format, position })
}

/// A statement is of the whole fund: who compares it reaches all that the fund serves, as who confirms does.
async fn check_reach(app: &App, caller: &Caller, id: Uuid) -> Result<(), ApiError> {
    let fund = current::<Fund>(app, caller, id).await?;
    let envelope = fund.state.envelope.as_ref();
    let needs =
        Ground::of_regions(envelope.into_iter().flat_map(|one| one.regions.iter().copied()));
    if caller.grant.scope.holds(&needs) {
        return Ok(());
    }
    Err(CommandError::from(Refusal::OutsideReach { needs }).into())
}

/// What is wrong with the map or the statement, as a parameter's fault; nothing of what a line holds.
fn told(error: ReconcileError, language: Language) -> ApiError {
    let detail = error.detail(language);
    let (name, rule) = match error {
        ReconcileError::Read(error) => return error.into(),
        ReconcileError::Map(map) => (map.field(), map.rule()),
        ReconcileError::TooLong => ("statement", "too_long"),
        ReconcileError::TooMany => ("to", "too_many_payments"),
    };
    ApiError::Parameters(vec![WrongParameter::refused(name, rule, detail)])
}
