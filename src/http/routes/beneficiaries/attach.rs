//! Takes a document of a path in, as a stream.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use sira_domain::catalogue::CommandEntry;
use sira_domain::path::{BENEFICIARY_COMMANDS, Beneficiary};
use sira_domain::reference::MediaType;
use sira_domain::refusal::Refusal;
use sira_numbers::at_most;
use uuid::Uuid;

use super::PATH;
use super::find::{found, key_of};
use crate::commands::form::Wanted;
use crate::commands::{FieldError, FormErrors, FormRule, Loaded};
use crate::documents::{
    DOCUMENT_MAX_BYTES, DocumentStore, Draft, Finished, PERSON_MAX_BYTES, is_of_type,
};
use crate::http::App;
use crate::http::contract::answer::Done;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::Endpoint;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// What stands around the bytes: field names, boundaries, a long file name.
const FORM_MAX_BYTES: u64 = 64 * 1024;
/// When a token that sends as many documents as it may is to come again, in seconds.
const TURN_RETRY_S: u32 = 10;
/// Longest text field: a comment in free text fits; it is held in memory before anything is checked.
const FIELD_MAX_BYTES: usize = 8 * 1024;

/// The route of the command.
pub fn attaching(entry: &'static CommandEntry) -> Endpoint {
    let largest = at_most(DOCUMENT_MAX_BYTES + FORM_MAX_BYTES, usize::MAX);
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
    let busy = ApiError::TooManyRequests { retry_after_s: TURN_RETRY_S };
    let _turn = store.turn(caller.grant.token_id).ok_or(busy)?;
    let (id, path) = found(&app, &caller, &id).await?;
    let missing = if path.state.state().is_erased() { Refusal::Erased } else { Refusal::KeyLost };
    let key = key_of(&app, &path).await?.ok_or(missing)?;
    let if_match = caller.version_to_demand(path.state.version())?;
    check_room(store, &path, request.headers())?;
    let rehearsal = Rehearsal { app: &app, caller: &caller, id };
    // A retry is answered as before, whatever forbids it by now.
    let is_retry = rehearsal.is_retry().await?;
    // What the file does not decide is decided before a byte of it is taken.
    if !is_retry {
        rehearsal.judge(stand_in()).await?;
    }
    let form = Multipart::from_request(request, &app).await;
    let expected = "multipart/form-data; boundary=...";
    let form = form.map_err(|_| ApiError::UnsupportedMediaType { expected })?;
    let (mut body, mut finished) = read_form(form, store.draft(id, key.clone())?).await?;
    check(&mut body, &finished)?;
    // Refused now, the upload leaves nothing. Between here and the event another command may still forbid
    // it: then the sweep removes the object.
    if !is_retry {
        rehearsal.judge(body.clone()).await?;
    }
    store.keep(id, &key, &mut finished).await?;
    let text = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
    let mut call = caller.call(&app, &target(id), &text).await?;
    call.if_match = if_match;
    let answer = app.commands.command_beneficiary(id, "attach-document", body, call).await;
    app.metrics.count_command("attach-document", answer.is_ok());
    Ok(Done(answer?))
}

/// The command, decided as if it came now, and not recorded.
struct Rehearsal<'a> {
    app: &'a App,
    caller: &'a Caller,
    id: Uuid,
}

/// What an idempotency key covers, beside the bytes.
fn target(id: Uuid) -> String {
    format!("POST {id} attach-document")
}

impl Rehearsal<'_> {
    /// Whether something was answered under the caller's key already.
    async fn is_retry(&self) -> Result<bool, ApiError> {
        let call = self.caller.call(self.app, &target(self.id), &Bytes::new()).await?;
        let Some(key) = call.key else { return Ok(false) };
        Ok(self.app.commands.journal().find_answer(&key).await?.is_some())
    }

    async fn judge(&self, body: Map<String, Value>) -> Result<(), ApiError> {
        let entry = BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == "attach-document");
        let entry = entry.ok_or(ApiError::NotFound)?;
        let call = self.caller.bare_call();
        self.app.commands.rehearse(self.id, entry, body, &call, &mut None).await?;
        Ok(())
    }
}

/// A document that breaks no rule by itself: what is refused with it is refused with any.
fn stand_in() -> Map<String, Value> {
    let body = json!({
        "name": "x", "media_type": "application/pdf", "size_bytes": 1, "sha256": "0".repeat(64),
    });
    body.as_object().cloned().unwrap_or_default()
}

/// Refuses what has no room: on the disk, or among what may be kept of one person.
fn check_room(
    store: &DocumentStore,
    path: &Loaded<Beneficiary>,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    if !store.has_room() {
        return Err(ApiError::NoRoom);
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let coming = declared.and_then(|text| text.parse().ok()).unwrap_or(DOCUMENT_MAX_BYTES);
    let held: u64 = path.state.state().documents.iter().map(|one| u64::from(one.size_bytes)).sum();
    if held + coming > PERSON_MAX_BYTES + FORM_MAX_BYTES {
        return Err(ApiError::DocumentsOfPerson { held_bytes: held });
    }
    Ok(())
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
        let max = at_most(DOCUMENT_MAX_BYTES, i64::MAX);
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
