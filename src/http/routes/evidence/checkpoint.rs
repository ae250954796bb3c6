//! The published checkpoint, or the newest.

use axum::extract::State;
use axum::http::{Extensions, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;

use super::evidence;
use crate::http::App;
use crate::http::contract::answer::PlainText;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{Operation, Output};
use crate::http::contract::query::Query;

/// Which checkpoint.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedCheckpoint {
    /// `true` gives the newest, which witnesses may not have signed yet.
    #[serde(default)]
    pending: bool,
}

/// Where hashes are public: a moment, so that many readers are one.
const FOR_A_MOMENT: HeaderValue = HeaderValue::from_static("public, max-age=5");

/// `GET /v1/evidence/checkpoint`. A stranger is given the published one alone.
pub async fn checkpoint(
    State(app): State<App>,
    extensions: Extensions,
    asked: Query<AskedCheckpoint>,
) -> Result<CheckpointText, ApiError> {
    if asked.pending && extensions.get::<Caller>().is_none() {
        return Err(ApiError::MissingToken);
    }
    let evidence = evidence(&app)?;
    let tree = if asked.pending { evidence.newest()? } else { evidence.published()? };
    let note = evidence.note(&tree).await?;
    Ok(CheckpointText { note: note.to_string(), is_public: app.public_hashes && !asked.pending })
}

/// A checkpoint as it was signed.
pub struct CheckpointText {
    note: String,
    /// Whether anybody may keep it for a moment.
    is_public: bool,
}

impl IntoResponse for CheckpointText {
    fn into_response(self) -> Response {
        let mut response = PlainText(self.note).into_response();
        if self.is_public {
            response.headers_mut().insert(header::CACHE_CONTROL, FOR_A_MOMENT);
        }
        response
    }
}

impl Output for CheckpointText {
    fn describe(operation: &mut Operation) {
        PlainText::describe(operation);
    }
}
