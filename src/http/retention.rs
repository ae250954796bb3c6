//! Retention: who is past it, and an administrator's order to erase.

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sira_projections::case_identity;

use super::App;
use super::access::{ERASERS, RETENTION_READERS};
use super::lists::{CASES, Pairs, filters, reach_of, read_place, write_place};
use super::parameters::Parameters;
use super::problem::Problem;
use super::reading::{answer, position_of, unavailable, wait_for_position, write_cursor};
use super::request::{Caller, JsonBody};
use crate::retention::{
    ERASURES_MAX, Order, Question, REASON_MAX_CHARACTERS, RetentionError, carry_out, proposed,
};

const PAST_RETENTION: &str = "/v1/worklists/past-retention";
/// The order.
pub(super) const ERASURES: &str = "/v1/retention/erasures";
/// Largest body: an order's ids and its reason, several times over.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route(PAST_RETENTION, get(past_retention))
        .route(ERASURES, post(erasures))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

async fn past_retention(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(RETENTION_READERS)?;
    let given = Parameters::read(&caller, PAST_RETENTION, pairs)?;
    let (filters, reach) = (filters(&given)?, reach_of(&caller.grant.scope));
    let question = Question {
        filters: &filters,
        reach: &reach,
        after: given.place(read_place)?,
        limit: given.limit()?,
        language: caller.envelope.language,
    };
    // Which programmes there are is told by their offices, which are kept with identities.
    let projections = [CASES, case_identity::NAME];
    wait_for_position(&app, &caller, &headers, &projections).await?;
    let position = position_of(&app, &caller, &projections).await?;
    let page = proposed(&app.commands, &app.read, &question).await;
    let (items, next) = page.map_err(|error| match error {
        RetentionError::Read(error) => unavailable(&caller, &error),
        RetentionError::Command(error) => caller.envelope.command_error(&error),
    })?;
    let next = next.map(|place| write_cursor(&given.question(), &write_place(&place)));
    Ok(answer(&json!({ "items": items, "next_cursor": next }), position))
}

async fn erasures(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Response> {
    caller.require(ERASERS)?;
    let language = caller.envelope.language;
    let call = caller.call(&format!("POST {ERASURES}"), &body.bytes);
    let order = Order::read(Value::Object(body.object));
    let order =
        order.map_err(|error| caller.envelope.problem(&Problem::of_form(&error, language)))?;
    // An order has no version of its own that somebody could expect.
    let call = crate::commands::Call { if_match: None, ..call };
    let done = carry_out(&app.commands, order, call, language).await;
    let (order, items) = done.map_err(|error| caller.envelope.command_error(&error))?;
    let mut response = Json(json!({ "order": order, "items": items })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The body of an order, as the OpenAPI document shows it.
pub(super) fn order_form() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["ids", "reason"],
        "properties": {
            "ids": { "type": "array", "minItems": 1, "maxItems": ERASURES_MAX, "items": { "type": "string" },
                     "description": "Ids or references." },
            "reason": { "type": "string", "minLength": 1, "maxLength": REASON_MAX_CHARACTERS,
                        "description": "Why the order is given. It names nobody: it is not sealed, and stays." }
        }
    })
}
