//! What the process counts.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::App;
use crate::http::contract::operation::{Operation, Output};
use crate::read_side::live_lags;

const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`.
pub async fn metrics(State(app): State<App>) -> Exposition {
    let journal = app.commands.journal();
    // Without the journal the last position that this process knows is still worth telling.
    let known = *journal.committed().borrow();
    let position = journal.head().await.map_or(known, |head| head.position);
    let hole = journal.hole().map(|hole| hole.age());
    let statuses = app.projections.now();
    let lags = live_lags(&statuses, journal, app.commands.clock()).await.unwrap_or_default();
    let published = app.evidence.as_ref().and_then(|evidence| evidence.published().ok());
    let published = published.map_or(0, |tree| tree.checkpoint.size);
    Exposition(app.metrics.text((position, hole), published, &statuses, &lags))
}

/// Metrics as `OpenMetrics` text.
pub struct Exposition(String);

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        response
    }
}

impl Output for Exposition {
    fn describe(operation: &mut Operation) {
        let text = json!({ "type": "string" });
        operation.answer(200, "The metrics.", &[], &[("application/openmetrics-text", text)]);
    }
}
