//! Whether the process lives and can work.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::App;
use super::problem;
use super::request::Envelope;
use crate::read_side::live_lags;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// A projection that runs and is further behind than this makes the process unready: another may be
/// better. One that has stopped or is being rebuilt does not, since no other process would be.
const BEHIND_MAX_S: u64 = 60;

async fn ready(State(app): State<App>, envelope: Envelope) -> Response {
    let (journal, clock) = (app.commands.journal(), app.commands.clock());
    let head = journal.head().await;
    let keys = app.commands.keys().is_reachable().await;
    let lags = live_lags(&app.projections.now(), journal, clock).await;
    match (head, lags, keys) {
        (Ok(head), Ok(projections), true) => {
            let ready = projections.iter().all(|lag| {
                matches!(lag.state, "stopped" | "rebuilding") || lag.lag_seconds <= BEHIND_MAX_S
            });
            let body = serde_json::json!({
                "ready": ready, "position": head.position, "projections": projections,
                "evidence": super::evidence::standing(&app)
            });
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, axum::Json(body)).into_response()
        }
        (Err(error), ..) | (_, Err(error), _) => envelope.command_error(&error.into()),
        (Ok(_), Ok(_), false) => envelope.kind(problem::UNAVAILABLE),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    let journal = app.commands.journal();
    // Without the journal the last position that this process knows is still worth telling.
    let known = *journal.committed().borrow();
    let position = journal.head().await.map_or(known, |head| head.position);
    let statuses = app.projections.now();
    let lags = live_lags(&statuses, journal, app.commands.clock()).await.unwrap_or_default();
    let published = app.evidence.as_ref().and_then(|evidence| evidence.published().ok());
    let published = published.map_or(0, |tree| tree.checkpoint.size);
    let text = app.metrics.text(position, published, &statuses, &lags);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
}
