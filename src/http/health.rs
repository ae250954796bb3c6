//! Whether the process lives and can work.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::problem;
use super::request::Envelope;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<App>, envelope: Envelope) -> Response {
    let journal = app.commands.journal().head().await;
    let keys = app.commands.keys().is_reachable().await;
    match (journal, keys) {
        (Ok(head), true) => {
            axum::Json(serde_json::json!({ "ready": true, "position": head.position }))
                .into_response()
        }
        (Err(error), _) => envelope.command_error(&error.into()),
        (Ok(_), false) => envelope.kind(problem::UNAVAILABLE),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    let position = *app.commands.journal().committed().borrow();
    let text = app.metrics.text(position, &app.projections.now());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}
