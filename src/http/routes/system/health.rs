//! Whether the process lives and can work.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::Position;
use sira_projections::face::Blocked;

use crate::commands::Commands;
use crate::http::App;
use crate::http::contract::answer::PlainText;
use crate::http::contract::error::ApiError;
use crate::http::contract::operation::{Operation, Output};
use crate::read_side::{ProjectionLag, live_lags, stored_lags};
use sira_evidence::leaf::time_text;

/// A part that is further behind than this is not ready. A projection that is being rebuilt is, since its old rows
/// stand meanwhile; one that is built for the first time has none.
const BEHIND_MAX_S: u64 = 60;

/// `GET /healthz`.
pub async fn alive() -> PlainText {
    PlainText("ok\n".to_owned())
}

/// Whether the process can work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    /// Whether everything that people use is there: every part but the evidence, which a server that cannot sign
    /// does without.
    ready: bool,
    /// Its parts, each with what it lacks.
    parts: Vec<Part>,
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

/// Whether a projection lacks something.
type Lacks = fn(&ProjectionLag) -> bool;

fn is_stopped(lag: &ProjectionLag) -> bool {
    lag.state == "stopped"
}

fn is_unbuilt(lag: &ProjectionLag) -> bool {
    let is_new = lag.position == Position::START && lag.lag_events > 0;
    lag.state == "not_built" || (lag.state == "rebuilding" && is_new)
}

fn is_behind(lag: &ProjectionLag) -> bool {
    lag.state != "rebuilding" && lag.lag_seconds > BEHIND_MAX_S
}

/// A part of the process.
#[derive(Debug, Serialize, JsonSchema)]
struct Part {
    /// `journal`, `keys`, `read_models`, `documents` or `evidence`.
    name: &'static str,
    /// Whether it is there.
    ready: bool,
    /// What it lacks: `unreachable`, `other_history` (rows of what the journal does not hold), `stopped`, `not_built`,
    /// `behind` or `unsigned`; of the journal, `hole` (a recorded event cannot be read), why nothing is recorded:
    /// `sequence`, `guards`, `index` or `clock`, or `misnamed`, which makes it no less ready: a reference leads to
    /// somebody who does not have it, and is refused. Left out when all of it is there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    reason: Option<&'static str>,
    /// The projections that lack it; left out elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    projections: Vec<String>,
}

impl Part {
    const fn there(name: &'static str) -> Self {
        Self { name, ready: true, reason: None, projections: Vec::new() }
    }

    const fn lacking(name: &'static str, reason: &'static str) -> Self {
        Self { name, ready: false, reason: Some(reason), projections: Vec::new() }
    }

    fn reachable(name: &'static str, is_reachable: bool) -> Self {
        if is_reachable { Self::there(name) } else { Self::lacking(name, "unreachable") }
    }

    /// The journal: every recorded event can be read, or soon can, and more can be recorded.
    async fn of_journal(commands: &Commands) -> Result<Self, ApiError> {
        let (name, journal) = ("journal", commands.journal());
        // Somebody has to look, also where nobody reads.
        journal.readable().await?;
        Ok(match journal.halted() {
            Some(why) => Self::lacking(name, why.word()),
            None if commands.is_misnamed() && journal.hole().is_none() => {
                // Whoever names somebody by that reference is refused; everybody else is served.
                Self { ready: true, ..Self::lacking(name, "misnamed") }
            }
            None => Self::with_hole(journal.hole().map(|hole| hole.age())),
        })
    }

    /// A hole is closed within milliseconds, unless somebody has left a transaction prepared, or took events away.
    fn with_hole(age: Option<Duration>) -> Self {
        let lasts = age.is_some_and(|age| age.as_secs() > BEHIND_MAX_S);
        if lasts { Self::lacking("journal", "hole") } else { Self::there("journal") }
    }

    /// The read models: what is worst of any of them.
    fn of_read_models(projections: &[ProjectionLag]) -> Self {
        let lacking: [(&'static str, Lacks); 3] =
            [("stopped", is_stopped), ("not_built", is_unbuilt), ("behind", is_behind)];
        for (reason, lacks) in lacking {
            let found = projections.iter().filter(|lag| lacks(lag));
            let projections: Vec<_> = found.map(|lag| lag.name.clone()).collect();
            if !projections.is_empty() {
                return Self { projections, ..Self::lacking("read_models", reason) };
            }
        }
        Self::there("read_models")
    }

    /// The evidence, where the process was started with it: what was recorded more than a minute ago is signed.
    async fn of_evidence(app: &App) -> Result<Option<Self>, ApiError> {
        let Some(evidence) = &app.evidence else { return Ok(None) };
        let signed = evidence.newest().map_or(0, |tree| tree.checkpoint.size);
        let next = app.commands.journal().read_feed(Position::of_count(signed), 1).await?;
        let now = app.commands.clock().now();
        let waits = next.first().map_or(0, |event| (now - event.recorded_at).num_seconds());
        let is_late = waits.max(0).cast_unsigned() > BEHIND_MAX_S;
        let name = "evidence";
        Ok(Some(if is_late { Self::lacking(name, "unsigned") } else { Self::there(name) }))
    }
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
            "Something that people use is not there: a read model, the keys, the documents, or a database is out of reach.",
            &[],
            &content,
        );
    }
}

/// `GET /readyz`.
pub async fn ready(State(app): State<App>) -> Result<Readiness, ApiError> {
    let (journal, clock) = (app.commands.journal(), app.commands.clock());
    let position = journal.head().await?.position;
    journal.look_at_clock().await?;
    let statuses = app.projections.now();
    let lags = async {
        // A process that does not feed the read models says what those who do have written down.
        if statuses.is_empty() {
            return stored_lags(&app.read, journal, clock).await.ok();
        }
        app.read.furthest(journal.id()).await.ok()?;
        live_lags(&statuses, journal, clock).await.ok()
    };
    let lags = lags.await;
    let read_models = match lags.as_deref() {
        None => Part::lacking("read_models", "unreachable"),
        Some(_) if app.read.is_of_another_history() => {
            Part::lacking("read_models", "other_history")
        }
        Some(lags) => Part::of_read_models(lags),
    };
    let mut parts = vec![
        Part::of_journal(&app.commands).await?,
        Part::reachable("keys", app.commands.keys().is_reachable().await),
        read_models,
    ];

    let projections = lags.unwrap_or_default();
    if let Some(documents) = app.commands.documents() {
        parts.push(Part::reachable("documents", documents.is_reachable().await));
    }
    let ready = parts.iter().all(|part| part.ready);
    parts.extend(Part::of_evidence(&app).await?);
    let (evidence, held_up) = (PublishedEvidence::of(&app), app.read.held_up().all());
    Ok(Readiness { ready, parts, position, projections, evidence, held_up })
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
            parts: vec![Part::lacking("keys", "unreachable")],
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
        let lacking =
            serde_json::json!([{ "name": "keys", "ready": false, "reason": "unreachable" }]);
        assert_eq!(told["parts"], lacking);
    }

    #[test]
    fn a_journal_with_a_hole_that_lasts_is_not_ready() {
        let reason = |age: Option<u64>| Part::with_hole(age.map(Duration::from_secs)).reason;
        assert_eq!(reason(None), None);
        assert_eq!(reason(Some(60)), None);
        assert_eq!(reason(Some(61)), Some("hole"));
    }

    fn lag(
        state: &'static str,
        (position, lag_events, lag_seconds): (u32, u64, u64),
    ) -> ProjectionLag {
        ProjectionLag {
            name: "case_status".to_owned(),
            version: 1,
            position: position.into(),
            lag_events,
            lag_seconds,
            state,
            stopped_at: None,
            cause: None,
        }
    }

    #[test]
    fn read_models_that_people_cannot_use_are_not_ready() {
        for (state, at, reason) in [
            ("live", (7, 0, 0), None),
            ("behind", (7, 3, 60), None),
            ("behind", (7, 3, 61), Some("behind")),
            ("retrying", (7, 3, 61), Some("behind")),
            ("stopped", (7, 0, 0), Some("stopped")),
            ("stopped", (7, 3, 61), Some("stopped")),
            // The old rows stand meanwhile.
            ("rebuilding", (7, 3, 600), None),
            ("rebuilding", (0, 3, 0), Some("not_built")),
            ("not_built", (0, 0, 0), Some("not_built")),
        ] {
            let part = Part::of_read_models(&[lag("live", (7, 0, 0)), lag(state, at)]);
            assert_eq!((part.reason, part.ready), (reason, reason.is_none()), "{state} {at:?}");
        }
    }
}
