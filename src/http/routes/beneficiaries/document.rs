//! Gives a document of a path back, sealed bytes opened on the way.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use serde_json::json;
use sira_domain::path::{Beneficiary, DocumentState, Fact};
use sira_domain::reference::MediaType;
use uuid::Uuid;

use super::attach::documents;
use super::find::{found, key_of, log_access, stream_of};
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::keys::PersonKey;
use crate::stored::seal_context;

/// `GET /v1/beneficiaries/{id}/documents/{sha256}`.
pub async fn fetch(
    State(app): State<App>,
    caller: Caller,
    Named((id, sha256)): Named<(String, String)>,
) -> Result<DocumentFile, ApiError> {
    let store = documents(&app)?;
    let (id, path) = found(&app, &caller, &id).await?;
    let state = path.state.state();
    // A retracted attachment is not in the state.
    let document = state.documents.iter().find(|document| document.sha256.as_str() == sha256);
    let document = document.ok_or(ApiError::NotFound)?;
    let key = key_of(&app, &path).await?.ok_or(ApiError::NotFound)?;
    log_access(&app, &caller, "document", stream_of(id)).await?;
    let name = name_of(&path.state, &sha256, id, &key);
    let size = u64::from(document.size_bytes);
    let opened = store.read(id, key, &sha256, size).await?.ok_or(ApiError::NotFound)?;
    let request_id = caller.envelope.request_id.clone();
    let bytes = opened.into_stream().inspect_err(move |error| {
        // The connection breaks off, so that nobody takes the rest for the whole.
        tracing::error!(%request_id, %error, "a document could not be given back whole");
    });
    Ok(DocumentFile { document: document.clone(), name, bytes: Body::from_stream(bytes) })
}

/// A document on its way to its reader.
pub struct DocumentFile {
    document: DocumentState,
    name: Option<String>,
    bytes: Body,
}

/// The file's name, from the event that attached it.
fn name_of(path: &Beneficiary, sha256: &str, id: Uuid, key: &PersonKey) -> Option<String> {
    let sealed = path.standing().find_map(|(_, event)| match &event.fact {
        Fact::DocumentAttached(document) if document.sha256.as_str() == sha256 => {
            Some(&document.name)
        }
        _ => None,
    })?;
    let plain = key.open(&seal_context(id, "name"), sealed.as_str()).ok()?;
    std::str::from_utf8(&plain).ok().map(str::to_owned)
}

impl IntoResponse for DocumentFile {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.bytes);
        let headers = response.headers_mut();
        let text = |text: &str| HeaderValue::from_str(text).ok();
        let disposition = self.name.map_or_else(
            || "attachment".to_owned(),
            |name| format!("attachment; filename*=UTF-8''{}", percent(&name)),
        );
        for (header, value) in [
            (header::CONTENT_TYPE, text(self.document.media_type.code())),
            (header::CONTENT_LENGTH, text(&self.document.size_bytes.to_string())),
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
}

impl Output for DocumentFile {
    fn describe(operation: &mut Operation) {
        let bytes = json!({ "type": "string", "format": "binary" });
        let content: Vec<_> = MediaType::all().map(|kind| (kind.code(), bytes.clone())).collect();
        operation.answer(200, "The document.", &[AnswerHeader::Disposition], &content);
        operation.problems(&[503]);
    }
}

/// RFC 8187: everything but letters, digits and a few marks as percent and two digits.
fn percent(name: &str) -> String {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    name.bytes()
        .map(|byte| if fit(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
