//! Paths where nothing happens, and paths that wait for a decision: those where nothing has happened for
//! longest first.

use axum::extract::State;
use sira_domain::values::{ActorId, Within};
use sira_projections::lists::{self, CaseItem, CaseOrder, CaseQuestion, Filters, Which};

use super::super::beneficiaries::{Awaited, CASES, read_place, word_of, write_place};
use super::{DAYS_MAX, arrive, days_ago};
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;

/// Days without a fact after which a path has stalled, when nothing is said.
const STALLED_AFTER_DAYS: u32 = 60;

path_query! {
    /// Which stalled paths.
    Stalled {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Days without any fact; 60 when left out.
        days: Option<Within<0, DAYS_MAX>>,
    }
}

/// `GET /v1/worklists/stalled`.
pub async fn stalled(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<Stalled>,
) -> Result<Read<Page<CaseItem>>, ApiError> {
    let last = days_ago(&app, asked.days.map_or(STALLED_AFTER_DAYS, Within::get));
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let filters = Filters { adviser, ..asked.shared_filters() };
    let which = Which::WithoutFactAfter(last);
    let limit = asked.limit.get();
    paths(&app, &caller, min, &asked, (which, &filters, limit)).await
}

path_query! {
    /// Which paths that wait.
    Waiting {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// The decision waited for.
        awaiting: Option<Awaited>,
    }
}

/// `GET /v1/worklists/awaiting-decision`.
pub async fn awaiting_decision(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<Waiting>,
) -> Result<Read<Page<CaseItem>>, ApiError> {
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let awaiting = asked.awaiting.and_then(word_of);
    let filters = Filters { adviser, awaiting, ..asked.shared_filters() };
    let limit = asked.limit.get();
    paths(&app, &caller, min, &asked, (Which::Awaiting, &filters, limit)).await
}

async fn paths<Q>(
    app: &App,
    caller: &Caller,
    min: MinPosition,
    asked: &Query<Q>,
    (which, filters, limit): (Which, &Filters, u32),
) -> Result<Read<Page<CaseItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = CaseQuestion {
        which,
        filters,
        reach: &reach,
        order: CaseOrder::LastOn,
        descending: false,
        after: asked.place_of(read_place)?,
        limit,
    };
    let position = arrive(app, min, &reach, CASES).await?;
    let page = lists::cases(&app.read, &question).await?;
    let next_cursor = page.next.map(|place| asked.cursor_to(&write_place(&place)));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}
