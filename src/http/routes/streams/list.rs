//! The programmes, offices, training groups and funds within a caller's reach.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::reference::RegionCode;
use sira_domain::values::{OfficeCode, ProgrammeId, Text};
use sira_projections::lists::{
    self, CohortItem, CohortQuestion, DayPlace, FundItem, FundQuestion, OFFICES, OfficeItem,
    OfficePlace, OfficeQuestion, PROGRAMMES, ProgrammeItem, ProgrammeQuestion,
};
use uuid::Uuid;

use crate::clock;
use crate::figures::is_told_published;
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;

/// The projection that keeps where training groups stand.
const COHORTS: &str = "cohort_status";
/// The projection that keeps where funds stand.
const FUNDS: &str = "fund_status";

/// Which programmes.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedProgrammes {
    /// Those with an office in this region.
    region: Option<RegionCode>,
    /// Those with an office of this code.
    office: Option<OfficeCode>,
    /// `true` for those whose term goes on today, `false` for those whose term has ended.
    open: Option<bool>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/programmes`: the first signed comes first.
pub async fn programmes(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedProgrammes>,
) -> Result<Read<Page<ProgrammeItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = ProgrammeQuestion {
        region: asked.region.map(|region| region.code().to_owned()),
        office: asked.office.as_ref().map(ToString::to_string),
        open: asked.open,
        today: app.commands.clock().now().date_naive(),
        reach: &reach,
        after: asked.place_of(read_day)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[PROGRAMMES, OFFICES, FUNDS]).await?;
    let page = lists::programmes(&app.read, &question).await?;
    Ok(Read { body: shown(&asked, page, write_day), position })
}

/// Which offices.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedOffices {
    /// Those of this programme.
    programme: Option<ProgrammeId>,
    /// Those in this region.
    region: Option<RegionCode>,
    /// `true` for those that are open, `false` for those that were closed.
    open: Option<bool>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/offices`, by programme and code.
pub async fn offices(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedOffices>,
) -> Result<Read<Page<OfficeItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = OfficeQuestion {
        programme: asked.programme.map(|programme| programme.0),
        region: asked.region.map(|region| region.code().to_owned()),
        open: asked.open,
        reach: &reach,
        after: asked.place_of(read_office)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[OFFICES, FUNDS]).await?;
    let page = lists::offices(&app.read, &question).await?;
    Ok(Read { body: shown(&asked, page, write_office), position })
}

/// Which training groups.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedCohorts {
    /// Those of this programme.
    programme: Option<ProgrammeId>,
    /// Those of an office in this region.
    region: Option<RegionCode>,
    /// Those of this office.
    office: Option<OfficeCode>,
    /// `true` for those that are open, `false` for those that were closed.
    open: Option<bool>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/cohorts`: the latest begun comes first.
pub async fn cohorts(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedCohorts>,
) -> Result<Read<Page<CohortItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = CohortQuestion {
        programme: asked.programme.map(|programme| programme.0),
        region: asked.region.map(|region| region.code().to_owned()),
        office: asked.office.as_ref().map(ToString::to_string),
        open: asked.open,
        reach: &reach,
        after: asked.place_of(read_day)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[COHORTS, OFFICES]).await?;
    let page = lists::cohorts(&app.read, &question).await?;
    Ok(Read { body: shown(&asked, page, write_day), position })
}

/// Which funds.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedFunds {
    /// Those of this programme.
    programme: Option<ProgrammeId>,
    /// Those of this donor, by the whole name.
    donor: Option<Text<120>>,
    /// `true` for those that are open, `false` for those that were closed.
    open: Option<bool>,
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before, with the same filters.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/funds`: the latest begun comes first.
pub async fn funds(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedFunds>,
) -> Result<Read<Page<FundItem>>, ApiError> {
    let reach = caller.grant.scope.reach();
    let question = FundQuestion {
        programme: asked.programme.map(|programme| programme.0),
        donor: asked.donor.as_ref().map(ToString::to_string),
        open: asked.open,
        reach: &reach,
        after: asked.place_of(read_day)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&app, min, &[FUNDS]).await?;
    let page = lists::funds(&app.read, &question).await?;
    let mut items = page.items;
    if is_told_published(&caller.grant) {
        items = items.into_iter().map(FundItem::without_sums).collect();
    }
    Ok(Read { body: shown(&asked, lists::ListPage { items, ..page }, write_day), position })
}

/// A page as it is answered, with the cursor that leads on.
fn shown<Q, T, P>(
    asked: &Query<Q>,
    page: lists::ListPage<T, P>,
    write: fn(&P) -> String,
) -> Page<T> {
    let next_cursor = page.next.map(|place| asked.cursor_to(&write(&place)));
    Page { items: page.items, next_cursor }
}

fn write_day(place: &DayPlace) -> String {
    format!("{} {}", place.on, place.id)
}

fn read_day(text: &str) -> Option<DayPlace> {
    let (on, id) = text.split_once(' ')?;
    let on = clock::read_day(on)?;
    Some(DayPlace { on, id: Uuid::try_parse(id).ok()?.to_string() })
}

fn write_office(place: &OfficePlace) -> String {
    format!("{} {}", place.programme, place.code)
}

fn read_office(text: &str) -> Option<OfficePlace> {
    let (programme, code) = text.split_once(' ')?;
    let programme = Uuid::try_parse(programme).ok()?.to_string();
    let code = OfficeCode::try_new(code).ok()?.to_string();
    Some(OfficePlace { programme, code })
}
