//! Paths where nothing happens, and paths that wait for a decision: those where nothing has happened for
//! longest first.

use axum::extract::State;
use sira_domain::values::{ActorId, Within};
use sira_projections::lists::{
    self, CaseItem, CaseOrder, CasePage, CasePlace, CaseQuestion, Filters, Which,
};

use super::super::beneficiaries::{Awaited, read_place, word_of, write_place};
use super::{DAYS_MAX, arrive, days_ago, forms};
use crate::http::App;
use crate::http::contract::answer::Page;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Named, Wanted};
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;
use crate::paper::ListForm;

/// Days without a fact after which a path has stalled, when nothing is said.
const STALLED_AFTER_DAYS: u32 = 60;

path_query! {
    /// Which stalled paths.
    Stalled {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Days without any fact; 60 when left out.
        days: Option<Within<0, DAYS_MAX>>,
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/stalled`.
pub async fn stalled(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<Stalled>,
) -> Result<ListAnswer<Page<Named<CaseItem>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    let last = days_ago(&app, asked.days.map_or(STALLED_AFTER_DAYS, Within::get));
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let filters = Filters { adviser, ..asked.shared_filters() };
    let which = Which::WithoutFactAfter(last);
    let limit = asked.limit.get();
    paths(&listing, min, &asked, (which, &filters, limit), &forms::STALLED).await
}

path_query! {
    /// Which paths that wait.
    Waiting {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// The decision waited for.
        awaiting: Option<Awaited>,
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/awaiting-decision`.
pub async fn awaiting_decision(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<Waiting>,
) -> Result<ListAnswer<Page<Named<CaseItem>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let awaiting = asked.awaiting.and_then(word_of);
    let filters = Filters { adviser, awaiting, ..asked.shared_filters() };
    let limit = asked.limit.get();
    paths(&listing, min, &asked, (Which::Awaiting, &filters, limit), &forms::AWAITING).await
}

async fn paths<Q>(
    listing: &Listing<'_>,
    min: MinPosition,
    asked: &Query<Q>,
    (which, filters, limit): (Which, &Filters, u32),
    form: &'static ListForm,
) -> Result<ListAnswer<Page<Named<CaseItem>>>, ApiError> {
    let reach = listing.caller.grant.scope.reach();
    let question = CaseQuestion {
        which,
        filters,
        reach: &reach,
        order: CaseOrder::LastOn,
        descending: false,
        after: asked.place_of(read_place)?,
        limit,
    };
    let position = arrive(listing, min, &reach, &[]).await?;
    let page = listing.gather(question, |case| case.id.clone()).await?;
    let next_cursor = page.next.map(|place| asked.cursor_to(&write_place(&place)));
    let body = Page { items: page.items, next_cursor };
    listing.answer(form, body, position, asked).await
}

impl Listed for CaseQuestion<'_> {
    type Row = CaseItem;
    type Place = CasePlace;

    fn at_place(&self, after: Option<CasePlace>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(&self, listing: &Listing<'_>) -> Result<CasePage, ApiError> {
        Ok(lists::cases(&listing.app.read, self).await?)
    }
}
