//! Whether the process lives and can work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::Position;
use sira_projections::face::Blocked;

use crate::http::App;
use crate::http::contract::answer::PlainText;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{Operation, Output};
use crate::read_side::{ProjectionLag, live_lags};
use sira_evidence::leaf::time_text;

/// A projection that runs and is further behind than this makes the process unready: another may be
/// better. One that has stopped or is being rebuilt does not, since no other process would be.
const BEHIND_MAX_S: u64 = 60;

/// `GET /healthz`.
pub async fn alive() -> PlainText {
    PlainText("ok\n".to_owned())
}

/// Whether the process can work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    /// Whether it should be asked.
    ready: bool,
    /// Last position of the journal.
    position: Position,
    /// How far each projection is.
    projections: Vec<ProjectionLag>,
    /// How far the evidence is; nothing in a process that was started without.
    evidence: Option<PublishedEvidence>,
    /// What sessions or views of others hold up in the read database: analysts see older rows until it
    /// goes on. It makes the process no less ready.
    held_up: Vec<Blocked>,
}

/// The published checkpoint.
#[derive(Debug, Serialize, JsonSchema)]
struct PublishedEvidence {
    /// Events that it covers; nothing before the first.
    size: Option<u64>,
    /// When it was signed.
    #[schemars(with = "Option<DateTime<Utc>>")]
    signed_at: Option<String>,
}

impl PublishedEvidence {
    fn of(app: &App) -> Option<Self> {
        let published = app.evidence.as_ref()?.published().ok();
        Some(Self {
            size: published.as_ref().map(|one| one.checkpoint.size),
            signed_at: published.as_ref().map(|one| time_text(one.signed_at)),
        })
    }
}

impl IntoResponse for Readiness {
    fn into_response(self) -> Response {
        let status = if self.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, axum::Json(self)).into_response()
    }
}

impl Output for Readiness {
    fn describe(operation: &mut Operation) {
        operation.json::<Self>(200, "The process can work.", &[]);
        let readiness = operation.schema_of::<Self>();
        let problem = operation.schema_of::<crate::http::contract::problem::ProblemBody<'static>>();
        let content = [("application/json", readiness), ("application/problem+json", problem)];
        operation.answer(
            503,
            "A projection is far behind, or a database is out of reach.",
            &[],
            &content,
        );
    }
}

/// `GET /readyz`.
pub async fn ready(State(app): State<App>) -> Result<Readiness, ApiError> {
    let (journal, clock) = (app.commands.journal(), app.commands.clock());
    let position = journal.head().await?.position;
    let projections = live_lags(&app.projections.now(), journal, clock).await?;
    if !app.commands.keys().is_reachable().await {
        return Err(ApiError::NoKeys);
    }
    let ready = projections.iter().all(|lag| {
        matches!(lag.state, "stopped" | "rebuilding") || lag.lag_seconds <= BEHIND_MAX_S
    });
    let (evidence, held_up) = (PublishedEvidence::of(&app), app.read.held_up().all());
    Ok(Readiness { ready, position, projections, evidence, held_up })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;
    use crate::http::contract::envelope::Envelope;
    use crate::http::contract::error::rendered;

    #[tokio::test]
    async fn a_process_that_is_not_ready_says_what_it_waits_for() {
        let unready = Readiness {
            ready: false,
            position: Position::START,
            projections: Vec::new(),
            evidence: None,
            held_up: Vec::new(),
        };
        let answer = rendered(unready.into_response(), &Envelope::of(&HeaderMap::new()));
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(told["ready"], serde_json::json!(false));
    }
}
