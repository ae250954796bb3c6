//! The published checkpoint, or the newest.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::evidence;
use crate::http::App;
use crate::http::contract::answer::PlainText;
use crate::http::contract::error::ApiError;
use crate::http::contract::query::Query;

/// Which checkpoint.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedCheckpoint {
    /// `true` gives the newest, which witnesses may not have signed yet.
    #[serde(default)]
    pending: bool,
}

/// `GET /v1/evidence/checkpoint`.
pub async fn checkpoint(
    State(app): State<App>,
    asked: Query<AskedCheckpoint>,
) -> Result<PlainText, ApiError> {
    let evidence = evidence(&app)?;
    let tree = if asked.pending { evidence.newest()? } else { evidence.published()? };
    let note = evidence.note(&tree).await?;
    Ok(PlainText(note.to_string()))
}
