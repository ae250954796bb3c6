//! Worklists: what waits for somebody.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use sira_projections::case_identity::{self, Place, Reach};
use uuid::Uuid;

use super::App;
use super::access::DUPLICATE_READERS;
use super::reading::{
    PAGE, answer, bad_parameter, read_cursor, unavailable, wait_for_position, write_cursor,
};
use super::request::Caller;
use crate::grant::Scope;

/// What the cursors of this list go on with: it has no filters.
const QUESTION: &str = "duplicates";

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
    let bad = |name, expected| bad_parameter(&caller, name, expected);
    let Query(query) = query.map_err(|_| bad("query", "limit, cursor"))?;
    let after = match &query.cursor {
        Some(cursor) => {
            let place = read_cursor(QUESTION, cursor).as_deref().and_then(read_place);
            Some(place.ok_or_else(|| bad("cursor", "next_cursor"))?)
        }
        None => None,
    };
    wait_for_position(&app, &caller, &headers, &[case_identity::NAME]).await?;
    let (journal, reach) = (app.commands.journal().id(), reach_of(&caller.grant.scope));
    let limit = query.limit.unwrap_or(PAGE);
    let page = case_identity::duplicates(&app.read, journal, &reach, after.as_ref(), limit).await;
    let page = page.map_err(|error| unavailable(&caller, &error))?;
    let next = page.next.as_ref().map(|place| write_cursor(QUESTION, &write_place(place)));
    Ok(answer(&json!({ "items": page.items, "next_cursor": next }), page.position))
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

fn write_place(place: &Place) -> String {
    format!("{} {} {}", place.score, place.one, place.other)
}

fn read_place(text: &str) -> Option<Place> {
    let mut parts = text.split(' ');
    let score = parts.next()?.parse().ok()?;
    let one = Uuid::try_parse(parts.next()?).ok()?;
    let other = Uuid::try_parse(parts.next()?).ok()?;
    parts.next().is_none().then_some(Place { score, one, other })
}
