//! A path as it is stored, with its proof.

use axum::extract::State;

use super::find::{found, log_access, stream_of};
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::routes::evidence::BundleFile;

/// `GET /v1/beneficiaries/{id}/evidence`.
pub async fn bundle(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<BundleFile, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    log_access(&app, &caller, "evidence", stream_of(id)).await?;
    BundleFile::of(&app, &stream_of(id), path.position).await
}
