//! Those who watch: what a member of the staff did, and who read a person's data.
//!
//! Looking at who read a person is itself a reading of that person's data, and leaves its entry before it
//! is answered. Looking at what somebody did opens nobody's data, and leaves none.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use chrono::DateTime;
use serde_json::json;
use sira_domain::path::Beneficiary;
use sira_domain::values::ActorId;
use sira_projections::lists::OFFICES;
use uuid::Uuid;

use super::App;
use super::access::WATCHERS;
use super::beneficiaries::{current, find_id, log_access};
use super::lists::{CASES, Pairs};
use super::parameters::Parameters;
use super::reading::{
    answer, bad_parameter, position_of, unavailable, wait_for_position, write_cursor,
};
use super::request::{Caller, Named};
use crate::journal::StreamId;
use crate::replay::activity::{ActivityError, Place, Question, activity, after, beginning_of};
use crate::replay::readings::{ReadingPlace, readings_of};

const ACTIVITY: &str = "/v1/activity";
const ACCESS: &str = "/v1/beneficiaries/{id}/access";

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route(ACTIVITY, get(deeds)).route(ACCESS, get(readings))
}

async fn deeds(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(WATCHERS)?;
    let given = Parameters::read(&caller, ACTIVITY, pairs)?;
    let expected = "[a-z0-9._@-]{1,64}";
    let actor = given.parsed("actor", expected, |text| ActorId::try_new(text).ok())?;
    let actor = actor.ok_or_else(|| bad_parameter(&caller, "actor", expected))?;
    let question = Question {
        actor: &actor,
        from: given.day("from")?.map(beginning_of),
        before: given.day("to")?.map(after),
        scope: &caller.grant.scope,
        after: given.place(Place::read)?,
        limit: given.limit()? as usize,
        language: caller.envelope.language,
    };
    let projections = ["activity_log", CASES, OFFICES];
    wait_for_position(&app, &caller, &headers, &projections).await?;
    let position = position_of(&app, &caller, &projections).await?;
    let page = activity(&app.commands, &app.read, &question).await;
    let page = page.map_err(|error| match error {
        ActivityError::Read(error) => unavailable(&caller, &error),
        ActivityError::Journal(error) => caller.envelope.command_error(&error),
    })?;
    let next = page.next.map(|place| write_cursor(&given.question(), &place.text()));
    let body = json!({ "actor": actor, "items": page.items, "next_cursor": next });
    Ok(answer(&body, position))
}

async fn readings(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(WATCHERS)?;
    let given = Parameters::read(&caller, ACCESS, pairs)?;
    let (place, limit) = (given.place(read_place)?, given.limit()?);
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    log_access(&app, &caller, "access", id).await?;
    let stream = StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id };
    let found = readings_of(app.commands.journal(), &stream, place.as_ref(), limit + 1).await;
    let mut found = found.map_err(|error| caller.envelope.command_error(&error.into()))?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|last| {
        let ReadingPlace { at, entry_id } = last.place();
        write_cursor(&given.question(), &format!("{} {entry_id}", at.timestamp_micros()))
    });
    let language = caller.envelope.language;
    let items: Vec<_> = found.iter().map(|reading| reading.shown(language)).collect();
    Ok(answer(&json!({ "id": id, "items": items, "next_cursor": next }), path.position))
}

fn read_place(text: &str) -> Option<ReadingPlace> {
    let (micros, id) = text.split_once(' ')?;
    let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    Some(ReadingPlace { at, entry_id: Uuid::try_parse(id).ok()?.to_string() })
}
