//! Worklists: what waits for somebody.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sira_projections::ReadError;
use sira_projections::case_identity::{self, Place, Reach};
use tokio::time::Instant;
use uuid::Uuid;

use super::App;
use super::access::DUPLICATE_READERS;
use super::problem::{self, Problem};
use super::request::Caller;
use crate::grant::Scope;

/// Items of a page when nothing is said: a screen or two.
const PAGE: u32 = 50;
/// How long a reader waits for the position of its own write; far above the usual lag.
const WAIT_WITHIN: Duration = Duration::from_secs(5);
/// How often the checkpoint is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route("/v1/worklists/duplicates", get(duplicates))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

async fn duplicates(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Response> {
    caller.require(DUPLICATE_READERS)?;
    let bad = |name, expected| {
        caller.envelope.problem(&Problem::bad_parameter(caller.envelope.language, name, expected))
    };
    let Query(query) = query.map_err(|_| bad("query", "limit, cursor"))?;
    let after = match &query.cursor {
        Some(cursor) => Some(read_cursor(cursor).ok_or_else(|| bad("cursor", "next_cursor"))?),
        None => None,
    };
    if let Some(position) = headers.get("sira-min-position") {
        let position = position.to_str().ok().and_then(|text| text.trim().parse().ok());
        let position = position.ok_or_else(|| bad("Sira-Min-Position", "0.."))?;
        wait_for(&app, &caller, case_identity::NAME, position).await?;
    }
    let (journal, reach) = (app.commands.journal().id(), reach_of(&caller.grant.scope));
    let limit = query.limit.unwrap_or(PAGE);
    let page = case_identity::duplicates(&app.read, journal, &reach, after.as_ref(), limit).await;
    let page = page.map_err(|error| unavailable(&caller, &error))?;
    let body = json!({ "items": page.items, "next_cursor": page.next.as_ref().map(write_cursor) });
    let mut response = body.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("sira-position", HeaderValue::from(page.position));
    Ok(response)
}

/// Waits until a projection has reached a position.
async fn wait_for(
    app: &App,
    caller: &Caller,
    projection: &str,
    position: u64,
) -> Result<(), Response> {
    let until = Instant::now() + WAIT_WITHIN;
    loop {
        let reached = app.read.position(app.commands.journal().id(), projection).await;
        if reached.map_err(|error| unavailable(caller, &error))? >= position {
            return Ok(());
        }
        if Instant::now() >= until {
            let problem = Problem::new(problem::BEHIND, caller.envelope.language);
            return Err(caller.envelope.problem(&problem.retry_after(1)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn unavailable(caller: &Caller, error: &ReadError) -> Response {
    let request_id = &*caller.envelope.request_id;
    tracing::error!(request_id, error = %error, cause = ?std::error::Error::source(error), "a worklist could not be read");
    let problem = Problem::new(problem::UNAVAILABLE, caller.envelope.language);
    caller.envelope.problem(&problem.retry_after(5))
}

fn reach_of(scope: &Scope) -> Reach {
    match scope {
        Scope::All => Reach::All,
        Scope::Regions(regions) => {
            Reach::Regions(regions.iter().map(|region| region.code().to_owned()).collect())
        }
        Scope::Offices(offices) => {
            Reach::Offices(offices.iter().map(|office| office.as_str().to_owned()).collect())
        }
        // A donor sees nobody.
        Scope::Funds(_) => Reach::Offices(Vec::new()),
    }
}

fn write_cursor(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {} {}", place.score, place.one, place.other))
}

fn read_cursor(text: &str) -> Option<Place> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let mut parts = text.split(' ');
    let score = parts.next()?.parse().ok()?;
    let one = Uuid::try_parse(parts.next()?).ok()?;
    let other = Uuid::try_parse(parts.next()?).ok()?;
    parts.next().is_none().then_some(Place { score, one, other })
}
