//! Takes a document of a path in, as a stream.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use sira_domain::catalogue::CommandEntry;
use sira_domain::reference::MediaType;
use sira_domain::refusal::Refusal;

use super::PATH;
use super::find::{found, key_of};
use crate::commands::form::Wanted;
use crate::commands::{FieldError, FormErrors, FormRule};
use crate::documents::{DOCUMENT_MAX_BYTES, DocumentStore, Draft, Finished, is_of_type};
use crate::http::App;
use crate::http::contract::answer::Done;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::Endpoint;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// What stands around the bytes: field names, boundaries, a long file name.
const FORM_MAX_BYTES: u64 = 64 * 1024;
/// Longest text field.
const FIELD_MAX_BYTES: usize = 8 * 1024;

/// The route of the command.
pub fn attaching(entry: &'static CommandEntry) -> Endpoint {
    let largest = usize::try_from(DOCUMENT_MAX_BYTES + FORM_MAX_BYTES).unwrap_or(usize::MAX);
    Endpoint::command(format!("{PATH}/{{id}}/commands/attach-document"), entry, attach)
        .taking("multipart/form-data", document_form)
        .up_to(largest)
}

/// A document is sent as a form: its texts first, the file last.
fn document_form(_: &mut SchemaGenerator) -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["file"],
        "properties": {
            "occurred_on": { "type": "string", "format": "date" },
            "name": text("File name; that of the file's part when left out. Sealed."),
            "media_type": text("Of the reference list; that of the file's part when left out."),
            "size_bytes": text("When given, it must be the file's."),
            "sha256": text("When given, it must be the file's."),
            "file": { "type": "string", "format": "binary", "description": "At most 50 MiB; the last part." }
        }
    })
}

/// Where documents are kept; a process that was started without a store keeps none.
pub(super) fn documents(app: &App) -> Result<&DocumentStore, ApiError> {
    app.commands.documents().ok_or(ApiError::NoDocuments)
}

/// Takes a document in: its text fields, then its bytes. Refused early where that is possible, since
/// the way is long and poor; nothing is appended before the bytes are in the store.
async fn attach(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    request: Request,
) -> Result<Done, ApiError> {
    let store = documents(&app)?;
    let (id, path) = found(&app, &caller, &id).await?;
    let key = key_of(&app, &path).await?.ok_or(Refusal::Erased)?;
    let if_match = caller.version_to_demand(path.state.version())?;
    let form = Multipart::from_request(request, &app).await;
    let form = form.map_err(|_| ApiError::UnsupportedMediaType)?;
    let (mut body, mut finished) = read_form(form, store.draft(id, key.clone())?).await?;
    check(&mut body, &finished)?;
    store.keep(id, &key, &mut finished).await?;
    let text = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
    let mut call = caller.call(&format!("POST {id} attach-document"), &text);
    call.if_match = if_match;
    let answer = app.commands.command_beneficiary(id, "attach-document", body, call).await;
    app.metrics.count_command("attach-document", answer.is_ok());
    Ok(Done(answer?))
}

/// What a form that breaks off means: its text fields have no form yet.
fn broken(error: &MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        _ => FieldError::new("", FormRule::WrongType(Wanted::Multipart)).into(),
    }
}

/// The fields before the file, and the file, sealed.
async fn read_form(
    mut form: Multipart,
    mut draft: Draft,
) -> Result<(Map<String, Value>, Finished), ApiError> {
    let mut body = Map::new();
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name().unwrap_or_default() {
            "file" => {
                fill_from_file(&mut body, &field);
                take_bytes(field, &mut draft).await?;
                return Ok((body, draft.finish().await?));
            }
            name @ ("occurred_on" | "name" | "media_type" | "size_bytes" | "sha256") => {
                let name = name.to_owned();
                let text = read_text(field).await.map_err(|error| broken(&error))?;
                let rule = FormRule::TextLength { min: 1, max: FIELD_MAX_BYTES as u64 };
                let wrong = || FieldError::new(format!("/{name}"), rule);
                let text = text.ok_or_else(wrong)?;
                body.insert(name, Value::String(text));
            }
            _ => {
                let known = ["occurred_on", "name", "media_type", "size_bytes", "sha256", "file"];
                let known = known.map(str::to_owned).to_vec();
                let rule = FormRule::UnknownField { meant: Vec::new(), known };
                return Err(FieldError::new("", rule).into());
            }
        }
    }
    Err(FieldError::new("/file", FormRule::Missing).into())
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

async fn take_bytes(mut field: Field<'_>, draft: &mut Draft) -> Result<(), ApiError> {
    loop {
        let chunk = field.chunk().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
            // It broke off or fell silent: nothing was kept.
            _ => ApiError::Timeout,
        })?;
        let Some(chunk) = chunk else { return Ok(()) };
        draft.take(&chunk).await?;
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
        if body.get(name).is_some_and(|declared| declared.as_str() != Some(came)) {
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
