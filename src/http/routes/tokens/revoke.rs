//! An end to a token.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::list::is_within;
use crate::http::App;
use crate::http::contract::answer::Plain;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// A revocation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Revocation {
    /// The token.
    id: Uuid,
    /// Whether it had been revoked before.
    already_done: bool,
}

/// `POST /v1/tokens/{id}/revoke`. Says the same however often it is asked: a retry over a poor connection
/// finds it done.
pub async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Plain<Revocation>, ApiError> {
    let token = app.tokens.find(id).await?.ok_or(ApiError::NotFound)?;
    let known = app.commands.known_places().await?;
    if !is_within(&caller, &token, &known) {
        return Err(ApiError::NotFound);
    }
    let revoked = app.tokens.revoke(id, Some(&caller.grant.actor)).await?;
    Ok(Plain(Revocation { id, already_done: !revoked }))
}
