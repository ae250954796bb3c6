//! Routes of a programme.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use sira_domain::programme::PROGRAMME_COMMANDS;
use sira_domain::role::Role;
use uuid::Uuid;

use super::problem;
use super::request::{Caller, JsonBody, Named};
use super::{App, answer_response};

/// Largest body: a lottery of 5,000 people.
const BODY_MAX_BYTES: usize = 512 * 1024;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/programmes", post(sign))
        .route("/v1/programmes/{id}", get(show))
        .route("/v1/programmes/{id}/commands/{command}", post(command))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

fn roles_of(word: &str) -> Option<&'static [Role]> {
    PROGRAMME_COMMANDS.iter().find(|entry| entry.word == word).map(|entry| entry.roles)
}

async fn sign(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Response> {
    caller.require(roles_of("sign-convention").unwrap_or_default())?;
    let call = caller.call("POST /v1/programmes", &body.bytes);
    let answer = app.commands.sign_convention(body.object, call).await;
    app.metrics.count_command("sign-convention", answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::CREATED, &answer, "/v1/programmes"))
}

async fn command(
    State(app): State<App>,
    caller: Caller,
    Named((id, word)): Named<(String, String)>,
    body: JsonBody,
) -> Result<Response, Response> {
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    // The convention makes a programme's id, so it is not a command on a programme that is there.
    let roles = roles_of(&word).filter(|_| word != "sign-convention");
    caller.require(roles.ok_or_else(not_found)?)?;
    let id = Uuid::try_parse(&id).map_err(|_| not_found())?;
    let call = caller.call(&format!("POST {id} {word}"), &body.bytes);
    let answer = app.commands.command_programme(id, &word, body.object, call).await;
    app.metrics.count_command(&word, answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::OK, &answer, "/v1/programmes"))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Response> {
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    let id = Uuid::try_parse(&id).map_err(|_| not_found())?;
    let found = match &caller.fresh {
        Some(fresh) => app.commands.programme_since(fresh, id).await,
        None => app.commands.current_programme(id).await,
    };
    let found =
        found.map_err(|error| caller.envelope.command_error(&error))?.ok_or_else(not_found)?;
    let mut shown = serde_json::to_value(&*found.state).unwrap_or_default();
    shown["id"] = id.to_string().into();
    shown["position"] = found.position.into();
    shown["term"] = serde_json::to_value(found.state.term()).unwrap_or_default();
    Ok(Json(shown).into_response())
}
