//! Pairs of paths that may be one person's.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_projections::case_identity::{self, Pair, Place};
use sira_projections::lists::OFFICES;
use uuid::Uuid;

use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::replay::activity::reach_of;

/// Which page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Asked {
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/worklists/duplicates`.
pub async fn duplicates(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<Asked>,
) -> Result<Read<Page<Pair>>, ApiError> {
    let (after, limit) = (asked.place_of(read_pair)?, asked.limit.get());
    arrive(&app, min, &[case_identity::NAME, OFFICES]).await?;
    let (journal, reach) = (app.commands.journal().id(), reach_of(&caller.grant.scope));
    let page = case_identity::duplicates(&app.read, journal, &reach, after.as_ref(), limit).await?;
    let next_cursor = page.next.as_ref().map(|place| asked.cursor_to(&write_pair(place)));
    Ok(Read { body: Page { items: page.items, next_cursor }, position: page.position })
}

fn write_pair(place: &Place) -> String {
    format!("{} {} {}", place.score, place.one, place.other)
}

fn read_pair(text: &str) -> Option<Place> {
    let mut parts = text.split(' ');
    let score = parts.next()?.parse().ok()?;
    let one = Uuid::try_parse(parts.next()?).ok()?;
    let other = Uuid::try_parse(parts.next()?).ok()?;
    parts.next().is_none().then_some(Place { score, one, other })
}
