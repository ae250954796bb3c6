//! Documents of a path: taken in as a stream, given back as one.

use axum::Router;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use futures::TryStreamExt;
use serde_json::{Map, Value};
use sira_domain::path::{BENEFICIARY_COMMANDS, DocumentState};
use sira_domain::reference::MediaType;
use uuid::Uuid;

use super::access::{PATH_READERS, may_open};
use super::beneficiaries::{current, find_id, key_of, log_access};
use super::problem::{self, Problem};
use super::request::{Caller, Named};
use super::{App, answer_response};
use crate::commands::form::Wanted;
use crate::commands::{CommandError, FieldError, FormErrors, FormRule};
use crate::documents::{DOCUMENT_MAX_BYTES, DocumentStore, Draft, Finished, is_of_type};
use crate::keys::PersonKey;
use crate::stored::seal_context;

/// What stands around the bytes: field names, boundaries, a long file name.
const FORM_MAX_BYTES: u64 = 64 * 1024;
/// Longest text field.
const FIELD_MAX_BYTES: usize = 8 * 1024;

/// The routes.
pub fn routes() -> Router<App> {
    let largest = usize::try_from(DOCUMENT_MAX_BYTES + FORM_MAX_BYTES).unwrap_or(usize::MAX);
    Router::new()
        .route("/v1/beneficiaries/{id}/commands/attach-document", post(attach))
        .layer(DefaultBodyLimit::max(largest))
        .route("/v1/beneficiaries/{id}/documents/{sha256}", get(fetch))
}

fn documents<'a>(app: &'a App, caller: &Caller) -> Result<&'a DocumentStore, Response> {
    app.commands.documents().ok_or_else(|| caller.envelope.kind(problem::UNAVAILABLE))
}

/// Takes a document in: its text fields, then its bytes. Refused early where that is possible, since
/// the way is long and poor; nothing is appended before the bytes are in the store.
async fn attach(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    request: Request,
) -> Result<Response, Response> {
    let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == "attach-document");
    caller.require(entry.map_or(&[], |entry| entry.roles))?;
    let store = documents(&app, &caller)?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    let refused = |error: CommandError| caller.envelope.command_error(&error);
    let key = key_of(&app, &caller, &path).await?;
    let key = key.ok_or_else(|| refused(sira_domain::refusal::Refusal::Erased.into()))?;
    let form = Multipart::from_request(request, &app).await;
    let form = form.map_err(|_| caller.envelope.kind(problem::UNSUPPORTED_MEDIA_TYPE))?;
    let draft = store.draft(id, key.clone()).map_err(|error| refused(error.into()))?;
    let (mut body, mut finished) = read_form(&caller, form, draft).await?;
    check(&mut body, &finished).map_err(|error| {
        caller.envelope.problem(&Problem::of_form(&error, caller.envelope.language))
    })?;
    store.keep(id, &key, &mut finished).await.map_err(|error| refused(error.into()))?;
    let text = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
    let call = caller.call(&format!("POST {id} attach-document"), &text);
    let answer = app.commands.command_beneficiary(id, "attach-document", body, call).await;
    app.metrics.count_command("attach-document", answer.is_ok());
    let answer = answer.map_err(refused)?;
    Ok(answer_response(StatusCode::OK, &answer, "/v1/beneficiaries"))
}

/// The fields before the file, and the file, sealed.
async fn read_form(
    caller: &Caller,
    mut form: Multipart,
    mut draft: Draft,
) -> Result<(Map<String, Value>, Finished), Response> {
    let wrong = |pointer: &str, rule: FormRule| {
        let errors = FieldError::new(pointer, rule).into();
        caller.envelope.problem(&Problem::of_form(&errors, caller.envelope.language))
    };
    let broken = |error: &MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => caller.envelope.kind(problem::BODY_TOO_LARGE),
        _ => wrong("", FormRule::WrongType(Wanted::Multipart)),
    };
    let mut body = Map::new();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name().unwrap_or_default() {
            "file" => {
                fill_from_file(&mut body, &field);
                take_bytes(caller, field, &mut draft).await?;
                let finished = draft.finish().await;
                let finished =
                    finished.map_err(|error| caller.envelope.command_error(&error.into()))?;
                return Ok((body, finished));
            }
            name @ ("occurred_on" | "name" | "media_type" | "size_bytes" | "sha256") => {
                let name = name.to_owned();
                let text = read_text(field).await.map_err(|error| broken(&error))?;
                let text = text.ok_or_else(|| {
                    let max = FIELD_MAX_BYTES as u64;
                    wrong(&format!("/{name}"), FormRule::TextLength { min: 1, max })
                })?;
                body.insert(name, Value::String(text));
            }
            _ => {
                let known = ["occurred_on", "name", "media_type", "size_bytes", "sha256", "file"];
                let known = known.map(str::to_owned).to_vec();
                return Err(wrong("", FormRule::UnknownField { meant: Vec::new(), known }));
            }
        }
    }
    Err(wrong("/file", FormRule::Missing))
}

/// What the file's own part says fills what was left out.
fn fill_from_file(body: &mut Map<String, Value>, field: &Field) {
    let said = [("name", field.file_name()), ("media_type", field.content_type())];
    for (name, text) in said {
        if let Some(text) = text.filter(|_| !body.contains_key(name)) {
            body.insert(name.to_owned(), Value::String(text.to_owned()));
        }
    }
}

async fn read_text(mut field: Field<'_>) -> Result<Option<String>, MultipartError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > FIELD_MAX_BYTES {
            return Ok(None);
        }
    }
    Ok(String::from_utf8(bytes).ok())
}

async fn take_bytes(
    caller: &Caller,
    mut field: Field<'_>,
    draft: &mut Draft,
) -> Result<(), Response> {
    loop {
        let chunk = field.chunk().await.map_err(|error| {
            caller.envelope.kind(match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => problem::BODY_TOO_LARGE,
                // It broke off or fell silent: nothing was kept.
                _ => problem::TIMEOUT,
            })
        })?;
        let Some(chunk) = chunk else { return Ok(()) };
        let taken = draft.take(&chunk).await;
        taken.map_err(|error| caller.envelope.command_error(&error.into()))?;
    }
}

/// What was declared must be what came; what was not is filled in.
fn check(body: &mut Map<String, Value>, finished: &Finished) -> Result<(), FormErrors> {
    if finished.size_bytes == 0 {
        let max = i64::try_from(DOCUMENT_MAX_BYTES).unwrap_or(i64::MAX);
        let rule = FormRule::NumberRange { min: 1, max, given: Some(0) };
        return Err(FieldError::new("/file", rule).into());
    }
    let size = finished.size_bytes.to_string();
    for (name, came) in [("size_bytes", size.as_str()), ("sha256", finished.sha256.as_str())] {
        if let Some(declared) = body.get(name).filter(|declared| declared.as_str() != Some(came)) {
            let _ = declared;
            let rule = FormRule::FieldsDisagree { other: "file" };
            return Err(FieldError::new(format!("/{name}"), rule).into());
        }
    }
    body.insert("size_bytes".to_owned(), finished.size_bytes.into());
    body.insert("sha256".to_owned(), finished.sha256.as_str().into());
    let said = body.get("media_type").and_then(Value::as_str).unwrap_or_default();
    // The type may come with a parameter: `text/plain; charset=utf-8`.
    let media_type = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = media_type.parse::<MediaType>().is_ok();
    if known && !is_of_type(&finished.head, &media_type) {
        let rule = FormRule::FieldsDisagree { other: "file" };
        return Err(FieldError::new("/media_type", rule).into());
    }
    // An unknown one is refused by the command, which names the list.
    body.insert("media_type".to_owned(), media_type.into());
    Ok(())
}

/// Gives a document back, sealed bytes opened on the way.
async fn fetch(
    State(app): State<App>,
    caller: Caller,
    Named((id, sha256)): Named<(String, String)>,
) -> Result<Response, Response> {
    caller.require(PATH_READERS)?;
    if !may_open(caller.grant.role, "name") {
        return Err(caller.envelope.kind(problem::FORBIDDEN));
    }
    let store = documents(&app, &caller)?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    let state = path.state.state();
    // A retracted attachment is not in the state.
    let document = state.documents.iter().find(|document| document.sha256.as_str() == sha256);
    let document = document.ok_or_else(not_found)?;
    let key = key_of(&app, &caller, &path).await?.ok_or_else(not_found)?;
    log_access(&app, &caller, "document", id).await?;
    let name = name_of(&path.state, &sha256, id, &key);
    let size = u64::from(document.size_bytes);
    let opened = store.read(id, key, &sha256, size).await;
    let opened = opened.map_err(|error| caller.envelope.command_error(&error.into()))?;
    let opened = opened.ok_or_else(not_found)?;
    let request_id = caller.envelope.request_id.clone();
    let bytes = opened.into_stream().inspect_err(move |error| {
        // The connection breaks off, so that nobody takes the rest for the whole.
        tracing::error!(%request_id, %error, "a document could not be given back whole");
    });
    Ok(file_response(document, name.as_deref(), Body::from_stream(bytes)))
}

/// The file's name, from the event that attached it.
fn name_of(
    path: &sira_domain::path::Beneficiary,
    sha256: &str,
    id: Uuid,
    key: &PersonKey,
) -> Option<String> {
    let sealed = path.standing().find_map(|(_, event)| match &event.fact {
        sira_domain::path::Fact::DocumentAttached(document)
            if document.sha256.as_str() == sha256 =>
        {
            Some(&document.name)
        }
        _ => None,
    })?;
    let plain = key.open(&seal_context(id, "name"), sealed.as_str()).ok()?;
    std::str::from_utf8(&plain).ok().map(str::to_owned)
}

fn file_response(document: &DocumentState, name: Option<&str>, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let text = |text: &str| HeaderValue::from_str(text).ok();
    let disposition = name.map_or_else(
        || "attachment".to_owned(),
        |name| format!("attachment; filename*=UTF-8''{}", percent(name)),
    );
    for (header, value) in [
        (header::CONTENT_TYPE, text(document.media_type.code())),
        (header::CONTENT_LENGTH, text(&document.size_bytes.to_string())),
        (header::CONTENT_DISPOSITION, text(&disposition)),
        (header::CACHE_CONTROL, text("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, text("nosniff")),
    ] {
        if let Some(value) = value {
            headers.insert(header, value);
        }
    }
    response
}

/// RFC 8187: everything but letters, digits and a few marks as percent and two digits.
fn percent(name: &str) -> String {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    name.bytes()
        .map(|byte| if fit(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
