//! Transfers that wait to be accepted.

use axum::extract::State;
use sira_projections::lists::{self, PendingTransfer, TransferQuestion};

use super::super::beneficiaries::{CASES, read_place, write_place};
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;
use crate::http::contract::reading;
use sira_projections::lists::OFFICES;

path_query! {
    /// Which transfers.
    AskedTransfers {}
}

/// `GET /v1/worklists/transfers`.
pub async fn transfers(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedTransfers>,
) -> Result<Read<Page<PendingTransfer>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let filters = asked.shared_filters();
    let question = TransferQuestion {
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_place)?,
        limit: asked.limit.get(),
    };
    let position = reading::arrive(&app, min, &[CASES, OFFICES]).await?;
    let page = lists::pending_transfers(&app.read, &question).await?;
    let next_cursor = page.next.map(|place| asked.cursor_to(&write_place(&place)));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}
