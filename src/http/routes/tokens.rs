//! Routes of the tokens, for administrators: which there are, and an end to one.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::App;
use super::access::TOKEN_KEEPERS;
use super::problem::{self, Problem};
use super::request::{Caller, Named};
use crate::token::{LIST_PAGE, TokenError};

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/v1/tokens", get(list)).route("/v1/tokens/{id}/revoke", post(revoke))
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    /// The last id of the page before.
    before: Option<Uuid>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Response> {
    caller.require(TOKEN_KEEPERS)?;
    let language = caller.envelope.language;
    let Query(page) = query.map_err(|_| {
        caller.envelope.problem(&Problem::bad_parameter(language, "query", "before=<id>"))
    })?;
    let tokens = app.tokens.list(page.before).await.map_err(|error| failed(&caller, error))?;
    // A full page may be the last one; the next is then empty.
    let next = tokens.last().filter(|_| tokens.len() == LIST_PAGE);
    let next = next.map(|token| token.token_id.clone());
    let mut response = Json(json!({ "tokens": tokens, "next": next })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Says the same however often it is asked: a retry over a poor connection finds it done.
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Response> {
    caller.require(TOKEN_KEEPERS)?;
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    let id = Uuid::try_parse(&id).map_err(|_| not_found())?;
    let failed = |error| failed(&caller, error);
    let revoked = app.tokens.revoke(id, Some(&caller.grant.actor)).await.map_err(failed)?;
    if !revoked && !app.tokens.is_listed(id).await.map_err(failed)? {
        return Err(not_found());
    }
    Ok(Json(json!({ "id": id, "already_done": !revoked })).into_response())
}

fn failed(caller: &Caller, error: TokenError) -> Response {
    match error {
        TokenError::Unavailable(source) => caller.envelope.command_error(&source.into()),
        _ => caller.envelope.kind(problem::INTERNAL),
    }
}
