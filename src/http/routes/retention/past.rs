//! Who is past retention.

use axum::extract::State;
use sira_projections::lists::{OFFICES, PROGRAMMES};

use super::super::beneficiaries::{CASES, read_place, write_place};
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::retention::{Proposed, RetentionQuestion, proposed};

path_query! {
    /// Which paths past retention.
    Asked {}
}

/// `GET /v1/worklists/past-retention`.
pub async fn past_retention(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<Asked>,
) -> Result<Read<Page<Proposed>>, ApiError> {
    let (filters, reach) = (asked.shared_filters(), caller.grant.scope.reach());
    let question = RetentionQuestion {
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_place)?,
        limit: asked.limit.get(),
        language: caller.language(),
    };
    let position = arrive(&app, min, &[CASES, PROGRAMMES, OFFICES]).await?;
    let (items, next) = proposed(&app.commands, &app.read, &question).await?;
    let next_cursor = next.map(|place| asked.cursor_to(&write_place(&place)));
    Ok(Read { body: Page { items, next_cursor }, position })
}
