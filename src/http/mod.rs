//! The HTTP edge: extract and authorise, hand over, shape the answer.

pub mod access;
mod analytics;
mod beneficiaries;
mod documents;
mod evidence;
mod feed;
#[doc(hidden)]
pub mod foreign;
mod gate;
mod health;
mod history;
mod limits;
mod lists;
mod metrics;
mod openapi;
mod own;
mod parameters;
mod peer;
mod person;
pub mod problem;
mod reading;
mod reference;
mod request;
mod retention;
mod serve;
pub mod show;
mod stalling;
mod streams;
mod tokens;
mod watch;
mod worklists;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use sira_projections::{ReadStore, Statuses};
use tracing::Instrument;

pub use gate::Gate;
pub use limits::RateLimits;
pub use metrics::Metrics;
pub use openapi::openapi;
pub use peer::TrustedProxies;
pub use serve::{ServeLimits, serve};

use crate::commands::{Answer, Commands};
use crate::evidence::Evidence;
use crate::figures::Figures;
use crate::telemetry::spans;
use crate::token::Tokens;
use request::Envelope;

/// What every handler works with.
#[derive(Clone)]
pub struct App {
    /// The door to the streams.
    pub commands: Commands,
    /// Tokens.
    pub tokens: Tokens,
    /// Who may come in, and how often.
    pub gate: Gate,
    /// The read side.
    pub read: ReadStore,
    /// What computes figures from it.
    pub figures: Figures,
    /// What proves the journal; none in a process that was started without.
    pub evidence: Option<Evidence>,
    /// How this process's projections are doing.
    pub projections: Statuses,
    /// Counters.
    pub metrics: Arc<Metrics>,
}

/// Every route, with what goes around it.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(analytics::routes())
        .merge(beneficiaries::routes())
        .merge(documents::routes())
        .merge(evidence::routes())
        .merge(history::routes())
        .merge(feed::routes())
        .merge(lists::routes())
        .merge(own::routes())
        .merge(person::routes())
        .merge(reference::routes())
        .merge(retention::routes())
        .merge(tokens::routes())
        .merge(watch::routes())
        .merge(worklists::routes())
        .merge(health::routes())
        .merge(openapi::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), gate::limited))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

async fn not_found(envelope: Envelope) -> Response {
    envelope.kind(problem::NOT_FOUND)
}

async fn method_not_allowed(envelope: Envelope) -> Response {
    envelope.kind(problem::METHOD_NOT_ALLOWED)
}

/// Gives each request its id and language, counts it, and turns a panic into a problem: the process
/// goes on, the panic is logged with its request.
async fn around(
    axum::extract::State(app): axum::extract::State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = tokio::time::Instant::now();
    let envelope = Envelope::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    request.extensions_mut().insert(envelope.clone());
    let name = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = spans::request(&method, name, request.headers());
    let handled = next.run(request).instrument(span.clone());
    let handled = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(handled)).await;
    let mut response = handled.unwrap_or_else(|_| {
        tracing::error!(request_id = %envelope.request_id, "a handler panicked");
        envelope.kind(problem::INTERNAL)
    });
    if let Ok(id) = HeaderValue::from_str(&envelope.request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    spans::answered(&span, response.status());
    app.metrics.count_request(&method, name, response.status(), started.elapsed());
    tracing::debug!(request_id = %envelope.request_id, %method, route = name, status = response.status().as_u16(), "answered");
    response
}

/// The answer to a command that was carried out.
fn answer_response(status: StatusCode, answer: &Answer, collection: &str) -> Response {
    let body = serde_json::to_vec(answer).unwrap_or_default();
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", answer.version)) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert("sira-position", HeaderValue::from(answer.position));
    if status == StatusCode::CREATED
        && let Ok(location) = HeaderValue::from_str(&format!("{collection}/{}", answer.id))
    {
        headers.insert(header::LOCATION, location);
    }
    if answer.replayed {
        headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}
