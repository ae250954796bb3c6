//! `GET /v1/events`: the journal in its order, for whoever copies it, watches it or feeds another
//! system: a page, or server-sent events.
//!
//! An event goes out as it was recorded: what is sealed stays sealed, and the leaf hash is there to be
//! checked. A grant that does not reach everything is refused rather than given a part: a feed is a
//! copy that nobody can take back, so a path that moves to another office would stay in the hands of
//! the one that gave it up, and in a part nobody can tell what was left out from what is not theirs.

mod page;
mod stream;

use axum::extract::State;
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use sira_domain::values::Within;
use sira_numbers::Position;
use uuid::Uuid;

use super::beneficiaries::log_access;
use crate::export::events::CloudEvent;
use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::FEED_READERS;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;
use crate::http::contract::feed_cursor::FeedCursor;
use crate::http::contract::input::{Accepted, LastEventId};
use crate::http::contract::operation::{AnswerHeader, Operation, Output};
use crate::http::contract::query::Query;
use crate::http::server::streams::{NoPlace, Streams};
use crate::journal::StreamId;
use crate::token::Grant;

/// Events of a page when nothing is said.
const PAGE: u32 = 100;
/// Events of a page at most.
const PAGE_MAX: u32 = 1_000;
/// When a token that has as many streams as it may is to come again, in seconds.
const PLACE_RETRY_S: u32 = 30;
/// The media type of a page.
const BATCH: &str = "application/cloudevents-batch+json";

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/v1/events",
        Roles(FEED_READERS),
        (Tag("events"), "list-events"),
        "Every event in the order of the journal, as CloudEvents with sealed parts sealed: a page, or server-sent events with `Accept: text/event-stream`.",
        events,
    )]
}

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
struct AskedEvents {
    /// Where to go on: the `Sira-Cursor` of the page before, or the `id` of a server-sent event; 0 for the beginning. A
    /// cursor names the history that it is of: after a restore from a backup it is refused (409) rather than gone on
    /// with. A bare position is taken too, and is refused only beyond the journal's end.
    #[serde(default)]
    after: FeedCursor,
    /// Events of the page. A page may be shorter, to stay small: go on until its last `id` is
    /// `Sira-Position`.
    #[serde(default = "page")]
    limit: Within<1, PAGE_MAX>,
}

fn page() -> Within<1, PAGE_MAX> {
    Within::try_new(PAGE.into()).unwrap_or_else(|_| unreachable!("a page is within its own limits"))
}

async fn events(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    extensions: Extensions,
    Accepted(accept): Accepted,
    last: LastEventId,
    asked: Query<AskedEvents>,
) -> Result<Events, ApiError> {
    if !reaches_everything(&caller.grant) {
        return Err(ApiError::OutOfScope);
    }
    let after = after(&app, &last, &asked.after).await?;
    if wants_stream(accept.as_deref()) {
        let streams = extensions.get::<Streams>().ok_or(ApiError::NoPlace)?;
        let place = streams.enter(caller.grant.token_id)?;
        record_reading(&app, &caller).await?;
        return Ok(Events(stream::answer(app, &headers, after, place)));
    }
    page::page(&app, &caller, asked.limit.get(), after).await.map(Events)
}

impl From<NoPlace> for ApiError {
    fn from(none: NoPlace) -> Self {
        match none {
            NoPlace::OfToken => Self::TooManyRequests { retry_after_s: PLACE_RETRY_S },
            NoPlace::OfServer => Self::NoPlace,
        }
    }
}

/// A page of events, or a stream of them.
struct Events(Response);

impl IntoResponse for Events {
    fn into_response(self) -> Response {
        self.0
    }
}

impl Output for Events {
    fn describe(operation: &mut Operation) {
        let event = operation.schema_of::<CloudEvent<'static>>();
        let batch = json!({ "type": "array", "items": event });
        let stream = json!({ "type": "string", "description": "Each event's cursor as `id`, and its CloudEvent as `data`." });
        let content = [(BATCH, batch), ("text/event-stream", stream)];
        let headers = [AnswerHeader::Position, AnswerHeader::Cursor];
        operation.answer(200, "The events.", &headers, &content);
        operation.problems(&[409, 429, 503]);
    }
}

/// What a feed is given for, at its beginning and for as long as it lasts.
fn reaches_everything(grant: &Grant) -> bool {
    grant.scope == Scope::All && FEED_READERS.contains(&grant.role)
}

pub(in crate::http) fn wants_stream(accept: Option<&str>) -> bool {
    let kinds = accept.unwrap_or_default().split(',');
    let mut kinds = kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.any(|kind| kind.eq_ignore_ascii_case("text/event-stream"))
}

/// The position to begin after. One that the journal has not reached, or at which it has another event, is refused:
/// the reader has seen events that this journal does not hold, as after a restore from an old backup, and must not go
/// on as if nothing had happened.
async fn after(
    app: &App,
    LastEventId(last): &LastEventId,
    asked: &FeedCursor,
) -> Result<Position, ApiError> {
    let beyond = |head: Position| match last {
        Some(_) => ApiError::header("Last-Event-ID", format!("0..{head}")),
        None => ApiError::parameter("after", format!("0..{head}")),
    };
    last.as_ref().unwrap_or(asked).checked(app.commands.journal(), beyond).await
}

/// Following the journal is reading every path: an auditor of the readers must see it. One entry a
/// page or a stream; the journal as a whole has no id.
async fn record_reading(app: &App, caller: &Caller) -> Result<(), ApiError> {
    log_access(app, caller, "feed", StreamId::new("journal", Uuid::nil())).await
}
