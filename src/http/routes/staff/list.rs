//! The members of the staff who recorded anything, with their roles and offices.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::reference::RegionCode;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, OfficeCode};
use sira_projections::lists::{self, OFFICES, StaffItem, StaffQuestion};

use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;

/// The projection that keeps who recorded what.
const STAFF: &str = "staff";

/// Which members of the staff.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedStaff {
    /// Those who recorded in this role.
    role: Option<Role>,
    /// Those who recorded from an office in this region.
    region: Option<RegionCode>,
    /// Those who recorded from this office.
    office: Option<OfficeCode>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/staff`, by name.
pub async fn staff(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedStaff>,
) -> Result<Read<Page<StaffItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = StaffQuestion {
        role: asked.role.map(|role| role.word().to_owned()),
        region: asked.region.map(|region| region.code().to_owned()),
        office: asked.office.as_ref().map(ToString::to_string),
        reach: &reach,
        after: asked.place_of(|actor| Some(ActorId::try_new(actor).ok()?.to_string()))?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[STAFF, OFFICES]).await?;
    let page = lists::staff(&app.read, &question).await?;
    let next_cursor = page.next.map(|actor| asked.cursor_to(&actor));
    Ok(Read { body: Page { items: page.items, next_cursor }, position })
}
