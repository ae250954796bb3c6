//! `GET /v1/beneficiaries`: paths by filters in an order, and people by name or phone.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use chrono::NaiveDate;
use serde_json::{Value, json};
use sira_domain::likeness::sought_by;
use sira_domain::path::{Beneficiary, Stage, Status};
use sira_domain::reference::{Language, RegionCode, SectorCode};
use sira_domain::values::{ActorId, OfficeCode};
use sira_projections::lists::{
    Case, CaseOrder, CasePlace, CaseQuestion, Filters, OFFICES, SearchQuestion, Which, cases,
    names, search,
};
use sira_projections::{FoldError, Reach, case_identity};
use uuid::Uuid;

use super::App;
use super::access::{PATH_READERS, may_open};
use super::parameters::Parameters;
use super::problem::{self, Problem};
use super::reading::{
    answer, bad_parameter, position_of, unavailable, wait_for_position, write_cursor,
};
use super::request::Caller;
use crate::access_log::{AccessEntry, record_accesses};
use crate::journal::StreamId;
use crate::read_side::OpenedKeys;
pub(super) use crate::replay::activity::reach_of;

/// The route.
const PATH: &str = "/v1/beneficiaries";
/// Characters of a search at most: as many as a name may have.
const SEARCH_MAX: usize = 120;
/// The projection that says where paths stand.
pub(super) const CASES: &str = "case_status";
/// The decisions that a path waits for.
const DECISIONS: [&str; 6] =
    ["eligibility", "interview", "selection", "plan", "financing", "agreement"];

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route(PATH, get(list))
}

/// An address's parameters, as they come.
pub(super) type Pairs = Query<Vec<(String, String)>>;

async fn list(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(PATH_READERS)?;
    let given = Parameters::read(&caller, PATH, pairs)?;
    let filters = filters(&given)?;
    let opens = given.parsed("identity", "true, false", |text| text.parse().ok())?.unwrap_or(false);
    if (opens || given.text("q").is_some()) && !may_open(caller.grant.role, "identity") {
        return Err(caller.envelope.kind(problem::FORBIDDEN));
    }
    let terms = given.parsed("q", "1..8 words, 1..120 characters, or a phone", |text| {
        sought_by(text).filter(|_| text.chars().count() <= SEARCH_MAX)
    })?;
    let reach = reach_of(&caller.grant.scope);
    let about_people = opens || terms.is_some();
    let projections = projections_of(&reach, about_people);
    wait_for_position(&app, &caller, &headers, projections).await?;
    let position = position_of(&app, &caller, projections).await?;
    let asked = Asked { given: &given, filters: &filters, reach: &reach };
    let page = match &terms {
        Some(terms) => found(&app, &caller, &asked, terms).await?,
        None => listed(&app, &caller, &asked).await?,
    };
    let mut names = None;
    if about_people {
        record_reading(&app, &caller, &page.items, opens).await?;
    }
    if opens {
        names = Some(open_names(&app, &caller, &page.items).await?);
    }
    let items: Vec<_> = page.items.iter().map(|case| show(case, names.as_ref())).collect();
    let mut body = json!({ "items": items, "next_cursor": page.next });
    if page.ended_early {
        body["narrow"] = narrow(caller.envelope.language).into();
    }
    Ok(answer(&body, position))
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

/// A question as it was understood.
struct Asked<'a> {
    given: &'a Parameters<'a>,
    filters: &'a Filters,
    reach: &'a Reach,
}

/// A page of paths, listed or found.
struct Shown {
    items: Vec<Case>,
    next: Option<String>,
    ended_early: bool,
}

async fn listed(app: &App, caller: &Caller, asked: &Asked<'_>) -> Result<Shown, Response> {
    let expected = "registered_on, -registered_on, last_on, -last_on";
    let sort = asked.given.parsed("sort", expected, |text| {
        let (descending, column) =
            text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        match column {
            "registered_on" => Some((CaseOrder::RegisteredOn, descending)),
            "last_on" => Some((CaseOrder::LastOn, descending)),
            _ => None,
        }
    })?;
    let (order, descending) = sort.unwrap_or((CaseOrder::RegisteredOn, true));
    let question = CaseQuestion {
        which: Which::All,
        filters: asked.filters,
        reach: asked.reach,
        order,
        descending,
        after: asked.given.place(read_place)?,
        limit: asked.given.limit()?,
    };
    let page = cases(&app.read, &question).await.map_err(|error| unavailable(caller, &error))?;
    let next = page.next.map(|place| write_cursor(&asked.given.question(), &write_place(&place)));
    Ok(Shown { items: page.items, next, ended_early: false })
}

async fn found(
    app: &App,
    caller: &Caller,
    asked: &Asked<'_>,
    terms: &[String],
) -> Result<Shown, Response> {
    if asked.given.text("sort").is_some() {
        return Err(bad_parameter(caller, "sort", "sort | q"));
    }
    let question = SearchQuestion {
        terms,
        filters: asked.filters,
        reach: asked.reach,
        after: asked.given.place(|place| Uuid::try_parse(place).ok())?,
        limit: asked.given.limit()?,
    };
    let keys = OpenedKeys::new(app.commands.keys().clone());
    let page = search(&app.read, &keys, &question).await;
    let page = page.map_err(|error| unavailable(caller, &error))?;
    let next = page.next.map(|id| write_cursor(&asked.given.question(), &id.to_string()));
    Ok(Shown { items: page.items, next, ended_early: page.ended_early })
}

fn ids_of(cases: &[Case]) -> Vec<Uuid> {
    cases.iter().filter_map(|case| Uuid::try_parse(&case.id).ok()).collect()
}

/// Records that each person of a page was read, before anything of them is shown. Who is found by a name
/// is read as much as who is shown with it: each leaves an entry, `search` or `identity`.
async fn record_reading(
    app: &App,
    caller: &Caller,
    cases: &[Case],
    opens: bool,
) -> Result<(), Response> {
    let at = app.commands.clock().now();
    let entry = |id| AccessEntry {
        at,
        actor: &caller.grant.actor,
        role: caller.grant.role,
        action: if opens { "identity" } else { "search" },
        stream: StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id },
        request_id: &caller.envelope.request_id,
    };
    let entries: Vec<_> = ids_of(cases).into_iter().map(entry).collect();
    let recorded = record_accesses(app.commands.journal(), &entries).await;
    recorded.map_err(|error| caller.envelope.command_error(&error.into()))
}

async fn open_names(
    app: &App,
    caller: &Caller,
    cases: &[Case],
) -> Result<HashMap<Uuid, String>, Response> {
    let keys = OpenedKeys::new(app.commands.keys().clone());
    let opened = names(&app.read, &keys, &ids_of(cases)).await;
    opened.map_err(|error| not_opened(caller, &error))
}

fn not_opened(caller: &Caller, error: &FoldError) -> Response {
    let request_id = &*caller.envelope.request_id;
    tracing::error!(request_id, error = %error, cause = ?std::error::Error::source(error), "names could not be opened");
    match error {
        FoldError::Unfit(_) => caller.envelope.kind(problem::INTERNAL),
        FoldError::Unavailable(_) => {
            let problem = Problem::new(problem::UNAVAILABLE, caller.envelope.language);
            caller.envelope.problem(&problem.retry_after(5))
        }
    }
}

/// A path as it is listed; with the name, or nothing in its place when the person was erased.
fn show(case: &Case, names: Option<&HashMap<Uuid, String>>) -> Value {
    let mut shown = json!(case);
    if let Some(names) = names {
        let name = Uuid::try_parse(&case.id).ok().and_then(|id| names.get(&id));
        shown["name"] = name.cloned().into();
    }
    shown
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

/// The filters that are given.
///
/// # Errors
/// The answer to one that stands for nothing.
pub(super) fn filters(given: &Parameters<'_>) -> Result<Filters, Response> {
    let uuid = |text: &str| Uuid::try_parse(text).ok();
    let word = |words: &'static [&'static str]| {
        move |text: &str| words.contains(&text).then(|| text.to_owned())
    };
    Ok(Filters {
        programme: given.parsed("programme", "UUID", uuid)?,
        region: given.parsed("region", "/v1/reference: regions", |text| {
            text.parse::<RegionCode>().ok().map(|region| region.code().to_owned())
        })?,
        office: given.parsed("office", "[a-z0-9_-]{1,40}", |text| {
            OfficeCode::try_new(text).ok().map(|office| office.as_str().to_owned())
        })?,
        stage: given.parsed(
            "stage",
            "idea, recruitment, training, financing, follow_up, completed",
            |text| serde_json::from_value::<Stage>(text.into()).ok().map(|_| text.to_owned()),
        )?,
        status: given.parsed("status", "active, suspended, exited, completed", |text| {
            serde_json::from_value::<Status>(text.into()).ok().map(|_| text.to_owned())
        })?,
        cohort: given.parsed("cohort", "UUID", uuid)?,
        sector: given.parsed("sector", "[A-U], [a-z0-9_]{1,40}", |text| {
            SectorCode::try_new(text).ok().map(|sector| sector.as_str().to_owned())
        })?,
        awaiting: given.parsed("awaiting", &DECISIONS.join(", "), word(&DECISIONS))?,
        adviser: given.parsed("adviser", "[a-z0-9._@-]{1,64}", |text| {
            ActorId::try_new(text).ok().map(|adviser| adviser.as_str().to_owned())
        })?,
    })
}

pub(super) fn write_place(place: &CasePlace) -> String {
    format!("{} {}", place.on, place.id)
}

pub(super) fn read_place(text: &str) -> Option<CasePlace> {
    let (on, id) = text.split_once(' ')?;
    let on: NaiveDate = on.parse().ok()?;
    Some(CasePlace { on, id: Uuid::try_parse(id).ok()?.to_string() })
}
