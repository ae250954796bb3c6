//! Transfers that wait to be accepted.

use axum::extract::State;
use sira_projections::lists::{
    self, CasePlace, ListPage, OFFICES, PendingTransfer, TransferQuestion,
};

use super::super::beneficiaries::{read_place, write_place};
use super::{arrive, forms};
use crate::http::App;
use crate::http::contract::answer::Page;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Named, Wanted};
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;

path_query! {
    /// Which transfers.
    AskedTransfers {
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/transfers`.
pub async fn transfers(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedTransfers>,
) -> Result<ListAnswer<Page<Named<PendingTransfer>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    let reach = caller.grant.scope.reach();
    let filters = asked.shared_filters();
    let question = TransferQuestion {
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_place)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&listing, min, &reach, &[OFFICES]).await?;
    let page = listing.gather(question, |transfer| transfer.id.clone()).await?;
    let next_cursor = page.next.map(|place| asked.cursor_to(&write_place(&place)));
    let body = Page { items: page.items, next_cursor };
    listing.answer(&forms::TRANSFERS, body, position, &asked).await
}

impl Listed for TransferQuestion<'_> {
    type Row = PendingTransfer;
    type Place = CasePlace;

    fn at_place(&self, after: Option<CasePlace>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(
        &self,
        listing: &Listing<'_>,
    ) -> Result<ListPage<PendingTransfer, CasePlace>, ApiError> {
        Ok(lists::pending_transfers(&listing.app.read, self).await?)
    }
}
