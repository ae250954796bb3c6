//! Referrals to partners whose outcome nobody has told yet.

use axum::extract::State;
use sira_domain::reference::ReferralService;
use sira_domain::values::{ActorId, Slug};
use sira_projections::lists::{
    self, Filters, ListPage, OpenReferral, REFERRALS, ReferralPlace, ReferralQuestion,
};

use super::{arrive, forms, read_numbered, today};
use crate::http::App;
use crate::http::contract::answer::Page;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Named, Wanted};
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
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/referrals`.
pub async fn referrals(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedReferrals>,
) -> Result<ListAnswer<Page<Named<OpenReferral>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
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
    let position = arrive(&listing, min, &reach, &[REFERRALS]).await?;
    let page = listing.gather(question, |referral| referral.id.clone()).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.referred_on, at.id, at.referral));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    let body = Page { items: page.items, next_cursor };
    listing.answer(&forms::REFERRALS, body, position, &asked).await
}

impl Listed for ReferralQuestion<'_> {
    type Row = OpenReferral;
    type Place = ReferralPlace;

    fn at_place(&self, after: Option<ReferralPlace>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(
        &self,
        listing: &Listing<'_>,
    ) -> Result<ListPage<OpenReferral, ReferralPlace>, ApiError> {
        Ok(lists::open_referrals(&listing.app.read, self).await?)
    }
}

fn read_referral(text: &str) -> Option<ReferralPlace> {
    let (referred_on, id, referral) = read_numbered(text)?;
    Some(ReferralPlace { referred_on, id, referral })
}
