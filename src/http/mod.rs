//! The HTTP edge. A request passes the outermost layer here, which gives it its id and language, the gate,
//! which counts it, and the guard of its route, which checks who calls; then its handler reads it into types,
//! hands it over, and shapes the answer.
//!
//! [`contract`] says what a route is, `routes` holds all of them, [`server`] listens.

pub mod contract;
#[doc(hidden)]
pub mod foreign;
mod routes;
pub mod server;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use sira_projections::{ReadStore, Statuses};
use tracing::Instrument;

pub use contract::{access, problem};
pub use routes::{docs::openapi, endpoints};
pub use server::gate::Gate;
pub use server::limits::RateLimits;
pub use server::metrics::Metrics;
pub use server::peer::TrustedProxies;
pub use server::{ServeLimits, serve};

use crate::commands::Commands;
use crate::evidence::Evidence;
use crate::figures::Figures;
use crate::telemetry::spans;
use crate::token::Tokens;
use contract::envelope::Envelope;
use contract::error::{ApiError, rendered};

/// What every handler works with. It is cloned several times a request, and costs a count then.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

impl From<AppParts> for App {
    fn from(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// The parts of an [`App`].
#[derive(Clone)]
pub struct AppParts {
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
    /// The address under which people reach this server, for the codes on papers; none where nobody has said it.
    pub public_url: Option<Arc<str>>,
    /// Whether the published checkpoint and the tiles of hashes are given without a token.
    pub public_hashes: bool,
}

/// Every route of the table, with what goes around it.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        let path = endpoint.path.clone();
        router = router.route(&path, endpoint.guarded(&app));
    }
    router
        .merge(routes::docs::pages())
        .fallback(routes::not_found)
        .method_not_allowed_fallback(routes::method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), server::gate::limited))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// What a browser may do with an answer: take it for what it says it is, show it in no frame, and run nothing
/// of it, but on the page that browses the contract, which runs its own files.
fn secure(route: &str, headers: &mut HeaderMap) {
    let policy = if route.starts_with("/docs") {
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
         script-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    } else {
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'"
    };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer"),
    ] {
        if !headers.contains_key(name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Gives each request its id and language, counts it, writes its error as a problem, and turns a panic into
/// one: the process goes on, the panic is logged with its request.
async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = tokio::time::Instant::now();
    let envelope = Envelope::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    request.extensions_mut().insert(envelope.clone());
    let name = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = spans::request(&method, name, request.headers());
    let handled = next.run(request).instrument(span.clone());
    let handled = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(handled)).await;
    let response = handled.unwrap_or_else(|_| ApiError::Panicked.into_response());
    let mut response = rendered(response, &envelope);
    if let Ok(id) = HeaderValue::from_str(&envelope.request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    secure(name, response.headers_mut());
    spans::answered(&span, response.status());
    app.metrics.count_request(&method, name, response.status(), started.elapsed());
    tracing::debug!(request_id = %envelope.request_id, %method, route = name, status = response.status().as_u16(), "answered");
    response
}
