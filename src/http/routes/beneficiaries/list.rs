//! `GET /v1/beneficiaries`: paths by filters in an order, and people by name or phone.

use std::collections::HashMap;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::reference::Language;
use sira_projections::lists::{
    CaseItem, CaseOrder, CasePlace, CaseQuestion, Filters, OFFICES, SearchQuestion, Which, cases,
    names, search,
};
use sira_projections::{Reach, case_identity};
use uuid::Uuid;

use super::asked::{Asked, Sort};
use super::find::stream_of;
use super::search::SearchTerms;
use crate::clock::read_day;
use crate::http::App;
use crate::http::contract::answer::Read;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::record_readings;
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::present::{IDENTITY_READERS, may_open};
use crate::read_side::OpenedKeys;

/// The projection that says where paths stand.
pub const CASES: &str = "case_status";

/// A path as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedCase {
    /// Where it stands.
    #[serde(flatten)]
    case: CaseItem,
    /// The person's name, where it was asked for; nothing in its place when the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    #[expect(clippy::option_option, reason = "not asked for, erased and told are three answers")]
    name: Option<Option<String>>,
}

/// A page of paths.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedCases {
    /// The paths.
    items: Vec<ListedCase>,
    /// Where the next page begins; nothing on the last one.
    next_cursor: Option<String>,
    /// Said when a search looked at as many people as a page may cost: how to ask for fewer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    narrow: Option<&'static str>,
}

/// `GET /v1/beneficiaries`.
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<Asked>,
) -> Result<Read<ListedCases>, ApiError> {
    let opens = asked.identity;
    let about_people = opens || asked.q.is_some();
    if about_people && !may_open(caller.grant.role, "identity") {
        return Err(ApiError::Forbidden(IDENTITY_READERS));
    }
    let reach = caller.grant.scope.reach();
    let position = arrive(&app, min, projections_of(&reach, about_people)).await?;
    let (filters, reach) = (&asked.filters(), &reach);
    let page = match &asked.q {
        Some(sought) => found(&app, &asked, filters, reach, sought).await?,
        None => listed(&app, &asked, filters, reach).await?,
    };
    if about_people {
        record_reading(&app, &caller, &page.items, opens).await?;
    }
    let keys = OpenedKeys::new(app.commands.keys().clone());
    let names =
        if opens { Some(names(&app.read, &keys, &ids_of(&page.items)).await?) } else { None };
    let items = page.items.into_iter().map(|case| show(case, names.as_ref())).collect();
    let narrow = page.ended_early.then(|| narrow(caller.language()));
    Ok(Read { body: ListedCases { items, next_cursor: page.next, narrow }, position })
}

/// The projections that an answer is read from: a region's also where offices stand, and who is found
/// is kept with identities.
fn projections_of(reach: &Reach, about_people: bool) -> &'static [&'static str] {
    match (matches!(reach, Reach::Regions(_)), about_people) {
        (true, true) => &[CASES, OFFICES, case_identity::NAME],
        (true, false) => &[CASES, OFFICES],
        (false, true) => &[CASES, case_identity::NAME],
        (false, false) => &[CASES],
    }
}

/// A page of paths, listed or found.
struct Shown {
    items: Vec<CaseItem>,
    next: Option<String>,
    ended_early: bool,
}

async fn listed(
    app: &App,
    asked: &Query<Asked>,
    filters: &Filters,
    reach: &Reach,
) -> Result<Shown, ApiError> {
    let (order, descending) = match asked.sort.unwrap_or(Sort::RegisteredOnLatest) {
        Sort::RegisteredOn => (CaseOrder::RegisteredOn, false),
        Sort::RegisteredOnLatest => (CaseOrder::RegisteredOn, true),
        Sort::LastOn => (CaseOrder::LastOn, false),
        Sort::LastOnLatest => (CaseOrder::LastOn, true),
    };
    let question = CaseQuestion {
        which: Which::All,
        filters,
        reach,
        order,
        descending,
        after: asked.place_of(read_place)?,
        limit: asked.limit.get(),
    };
    let page = cases(&app.read, &question).await?;
    let next = page.next.map(|place| asked.cursor_to(&write_place(&place)));
    Ok(Shown { items: page.items, next, ended_early: false })
}

async fn found(
    app: &App,
    asked: &Query<Asked>,
    filters: &Filters,
    reach: &Reach,
    SearchTerms(terms): &SearchTerms,
) -> Result<Shown, ApiError> {
    if asked.sort.is_some() {
        return Err(ApiError::parameter("sort", "sort | q"));
    }
    let question = SearchQuestion {
        terms,
        filters,
        reach,
        after: asked.place_of(|place| Uuid::try_parse(place).ok())?,
        limit: asked.limit.get(),
    };
    let keys = OpenedKeys::new(app.commands.keys().clone());
    let page = search(&app.read, &keys, &question).await?;
    let next = page.next.map(|id| asked.cursor_to(&id.to_string()));
    Ok(Shown { items: page.items, next, ended_early: page.ended_early })
}

fn ids_of(cases: &[CaseItem]) -> Vec<Uuid> {
    cases.iter().filter_map(|case| Uuid::try_parse(&case.id).ok()).collect()
}

/// Records that each person of a page was read, before anything of them is shown. Who is found by a name
/// is read as much as who is shown with it: each leaves an entry, `search` or `identity`.
async fn record_reading(
    app: &App,
    caller: &Caller,
    cases: &[CaseItem],
    opens: bool,
) -> Result<(), ApiError> {
    let action = if opens { "identity" } else { "search" };
    record_readings(app, caller, action, ids_of(cases).into_iter().map(stream_of).collect()).await
}

/// A path as it is listed; with the name, or nothing in its place when the person was erased.
fn show(case: CaseItem, names: Option<&HashMap<Uuid, String>>) -> ListedCase {
    let id = Uuid::try_parse(&case.id).ok();
    let name = names.map(|names| id.and_then(|id| names.get(&id)).cloned());
    ListedCase { case, name }
}

fn narrow(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "Trop de personnes portent ce nom pour une seule page : ajoutez un mot, ou suivez next_cursor."
        }
        Language::En => {
            "Too many people bear this name for one page: add a word, or follow next_cursor."
        }
    }
}

/// A place in a list of paths, as a cursor carries it.
#[must_use]
pub fn write_place(place: &CasePlace) -> String {
    format!("{} {}", place.on, place.id)
}

/// Reads it back; none when it is no place.
#[must_use]
pub fn read_place(text: &str) -> Option<CasePlace> {
    let (on, id) = text.split_once(' ')?;
    let on = read_day(on)?;
    Some(CasePlace { on, id: Uuid::try_parse(id).ok()?.to_string() })
}
