//! `GET /v1/events`: the journal in its order, for whoever copies it, watches it or feeds another
//! system: a page, or server-sent events.
//!
//! An event goes out as it was recorded: what is sealed stays sealed, and the leaf hash is there to be
//! checked. A grant that does not reach everything is refused rather than given a part: a feed is a
//! copy that nobody can take back, so a path that moves to another office would stay in the hands of
//! the one that gave it up, and in a part nobody can tell what was left out from what is not theirs.

mod stream;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use uuid::Uuid;

use super::App;
use super::access::FEED_READERS;
use super::lists::Pairs;
use super::parameters::Parameters;
use super::problem::{self, Problem};
use super::reading::bad_parameter;
use super::request::Caller;
use super::streams::Streams;
use crate::access_log::{AccessEntry, record_access};
use crate::export::events::write_cloud_event;
use crate::grant::Scope;
use crate::journal::{RecordedEvent, StreamId};
use crate::token::Grant;

/// The route.
const PATH: &str = "/v1/events";
/// Events of a page when nothing is said.
const PAGE: u32 = 100;
/// Events of a page at most.
const PAGE_MAX: u32 = 1_000;
/// Bytes of payloads and metadata of a page at most; a page holds at least one event, of at most 2 MiB.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// When to try again while every place for a stream is taken.
const PLACE_RETRY_S: u32 = 30;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, get(events))
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(FEED_READERS)?;
    if !reaches_everything(&caller.grant) {
        return Err(caller.envelope.kind(problem::OUT_OF_SCOPE));
    }
    let given = Parameters::read(&caller, PATH, pairs)?;
    let streamed = wants_stream(&headers);
    let after = after(&app, &caller, &headers, &given).await?;
    if streamed {
        let place = extensions.get::<Streams>().and_then(Streams::enter).ok_or_else(|| {
            let problem = Problem::new(problem::BUSY, caller.envelope.language);
            caller.envelope.problem(&problem.retry_after(PLACE_RETRY_S))
        })?;
        record_reading(&app, &caller).await?;
        return Ok(stream::answer(app, &headers, after, place));
    }
    page(&app, &caller, &given, after).await
}

/// What a feed is given for, at its beginning and for as long as it lasts.
fn reaches_everything(grant: &Grant) -> bool {
    grant.scope == Scope::All && FEED_READERS.contains(&grant.role)
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds = accepted.flat_map(|value| value.split(','));
    let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.any(|kind| kind.eq_ignore_ascii_case("text/event-stream"))
}

/// The position to begin after. One that the journal has not reached is refused: the reader has seen
/// events that this journal does not hold, as after a restore from an old backup, and must not go on
/// as if nothing had happened.
async fn after(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    given: &Parameters<'_>,
) -> Result<u64, Response> {
    let position = |text: &str| text.trim().parse::<u64>().ok();
    let asked = given.parsed("after", "0..", position)?.unwrap_or(0);
    let (name, after) = match headers.get("last-event-id") {
        None => ("after", asked),
        Some(value) => {
            let last = value.to_str().ok().and_then(position);
            ("Last-Event-ID", last.ok_or_else(|| bad_parameter(caller, "Last-Event-ID", "0.."))?)
        }
    };
    let head = head(app, caller).await?;
    if after > head {
        return Err(bad_parameter(caller, name, &format!("0..{head}")));
    }
    Ok(after)
}

async fn head(app: &App, caller: &Caller) -> Result<u64, Response> {
    let head = app.commands.journal().head().await;
    Ok(head.map_err(|error| caller.envelope.command_error(&error.into()))?.position)
}

/// A page as a CloudEvents batch. `Sira-Position` is read before it: the page may go beyond, never
/// leave out.
async fn page(
    app: &App,
    caller: &Caller,
    given: &Parameters<'_>,
    after: u64,
) -> Result<Response, Response> {
    let parse = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
    let limit = given.parsed("limit", &format!("1..{PAGE_MAX}"), parse)?.unwrap_or(PAGE);
    let head = head(app, caller).await?;
    let journal = app.commands.journal();
    let events = journal.read_feed_within(after, limit, PAGE_BYTES_MAX).await;
    let events = events.map_err(|error| caller.envelope.command_error(&error.into()))?;
    if !events.is_empty() {
        record_reading(app, caller).await?;
    }
    let mut response = Response::new(Body::from(batch(journal.id(), &events)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/cloudevents-batch+json; charset=UTF-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("sira-position", HeaderValue::from(head));
    Ok(response)
}

fn batch(journal: &str, events: &[RecordedEvent]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_in_memory(journal, event, &mut out);
    }
    out.push(b']');
    out
}

fn write_in_memory(journal: &str, event: &RecordedEvent, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write_cloud_event(journal, event, out);
}

/// Following the journal is reading every path: an auditor of the readers must see it. One entry a
/// page or a stream; the journal as a whole has no id.
async fn record_reading(app: &App, caller: &Caller) -> Result<(), Response> {
    let entry = AccessEntry {
        at: app.commands.clock().now(),
        actor: &caller.grant.actor,
        role: caller.grant.role,
        action: "feed",
        stream: StreamId::new("journal", Uuid::nil()),
        request_id: &caller.envelope.request_id,
    };
    let recorded = record_access(app.commands.journal(), &entry).await;
    recorded.map_err(|error| caller.envelope.command_error(&error.into()))
}
