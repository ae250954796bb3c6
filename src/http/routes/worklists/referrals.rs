//! Referrals to partners whose outcome nobody has told yet.

use axum::extract::State;
use sira_domain::reference::ReferralService;
use sira_domain::values::{ActorId, Slug};
use sira_projections::lists::{
    self, Filters, OpenReferral, REFERRALS, ReferralPlace, ReferralQuestion,
};

use super::{arrive, read_numbered, today};
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;

path_query! {
    /// Which referrals.
    AskedReferrals {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Those to this partner, by the part that it has in the convention.
        partner: Option<Slug>,
        /// Those to this service.
        service: Option<ReferralService>,
    }
}

/// `GET /v1/worklists/referrals`.
pub async fn referrals(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedReferrals>,
) -> Result<Read<Page<OpenReferral>>, ApiError> {
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let filters = Filters { adviser, ..asked.shared_filters() };
    let reach = caller.grant.scope.reach();
    let question = ReferralQuestion {
        partner: asked.partner.as_ref().map(ToString::to_string),
        service: asked.service.map(|service| service.code().to_owned()),
        today: today(&app),
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_referral)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &reach, REFERRALS).await?;
    let page = lists::open_referrals(&app.read, &question).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.referred_on, at.id, at.referral));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}

fn read_referral(text: &str) -> Option<ReferralPlace> {
    let (referred_on, id, referral) = read_numbered(text)?;
    Some(ReferralPlace { referred_on, id, referral })
}
