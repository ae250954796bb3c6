//! Worklists: what waits for somebody. `today` is the clock's at the moment of asking, in Mali's time,
//! which is UTC.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use chrono::{Days, NaiveDate};
use serde::Serialize;
use serde_json::json;
use sira_projections::case_identity::{self, Place};
use sira_projections::lists::{
    self, CaseOrder, CaseQuestion, LoanPlace, LoanQuestion, OFFICES, VisitPlace, VisitQuestion,
    Which,
};
use sira_projections::{Reach, ReadError};
use uuid::Uuid;

use super::App;
use super::access::{DUPLICATE_READERS, PATH_READERS};
use super::lists::{CASES, Pairs, filters, reach_of, read_place, write_place};
use super::parameters::Parameters;
use super::reading::{answer, position_of, unavailable, wait_for_position, write_cursor};
use super::request::Caller;

/// Visits due within this many days are listed when nothing is said: two weeks can be planned.
const VISITS_WITHIN_DAYS: u32 = 14;
/// Days without a fact after which a path has stalled, when nothing is said.
const STALLED_AFTER_DAYS: u32 = 60;
/// Days past due from which on a repayment is listed, when nothing is said.
const OVERDUE_FROM_DAYS: u32 = 1;
/// Days at most: a century is longer than any programme.
const DAYS_MAX: u32 = 36_500;

const DUPLICATES: &str = "/v1/worklists/duplicates";
const DUE_VISITS: &str = "/v1/worklists/due-visits";
const STALLED: &str = "/v1/worklists/stalled";
const AWAITING_DECISION: &str = "/v1/worklists/awaiting-decision";
const OVERDUE_REPAYMENTS: &str = "/v1/worklists/overdue-repayments";

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route(DUPLICATES, get(duplicates))
        .route(DUE_VISITS, get(due_visits))
        .route(STALLED, get(stalled))
        .route(AWAITING_DECISION, get(awaiting_decision))
        .route(OVERDUE_REPAYMENTS, get(overdue_repayments))
}

async fn duplicates(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    caller.require(DUPLICATE_READERS)?;
    let given = Parameters::read(&caller, DUPLICATES, pairs)?;
    let (after, limit) = (given.place(read_pair)?, given.limit()?);
    wait_for_position(&app, &caller, &headers, &[case_identity::NAME, OFFICES]).await?;
    let (journal, reach) = (app.commands.journal().id(), reach_of(&caller.grant.scope));
    let page = case_identity::duplicates(&app.read, journal, &reach, after.as_ref(), limit).await;
    let page = page.map_err(|error| unavailable(&caller, &error))?;
    let next = page.next.as_ref().map(|place| write_cursor(&given.question(), &write_pair(place)));
    Ok(answer(&json!({ "items": page.items, "next_cursor": next }), page.position))
}

async fn due_visits(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let given = begin(&caller, DUE_VISITS, pairs)?;
    let today = today(&app);
    let soon = today.checked_add_days(Days::new(VISITS_WITHIN_DAYS.into())).unwrap_or(today);
    let (filters, reach) = (filters(&given)?, reach_of(&caller.grant.scope));
    let question = VisitQuestion {
        until: given.day("until")?.unwrap_or(soon),
        today,
        filters: &filters,
        reach: &reach,
        after: given.place(read_visit)?,
        limit: given.limit()?,
    };
    let position = arrive(&app, &caller, &headers, &reach, "follow_up_schedule").await?;
    let page = lists::due_visits(&app.read, &question).await;
    let page = page.map(|page| {
        let next = page.next.map(|at| format!("{} {} {}", at.due_on, at.id, at.milestone));
        (page.items, next)
    });
    finish(&caller, &given, page, position)
}

async fn stalled(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let given = begin(&caller, STALLED, pairs)?;
    let last = days_ago(&app, days(&given, 0)?.unwrap_or(STALLED_AFTER_DAYS));
    paths(&app, &caller, &headers, &given, Which::WithoutFactAfter(last)).await
}

async fn awaiting_decision(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let given = begin(&caller, AWAITING_DECISION, pairs)?;
    paths(&app, &caller, &headers, &given, Which::Awaiting).await
}

/// Paths, those where nothing has happened for longest first.
async fn paths(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    given: &Parameters<'_>,
    which: Which,
) -> Result<Response, Response> {
    let (filters, reach) = (filters(given)?, reach_of(&caller.grant.scope));
    let question = CaseQuestion {
        which,
        filters: &filters,
        reach: &reach,
        order: CaseOrder::LastOn,
        descending: false,
        after: given.place(read_place)?,
        limit: given.limit()?,
    };
    let position = arrive(app, caller, headers, &reach, CASES).await?;
    let page = lists::cases(&app.read, &question).await;
    let page = page.map(|page| (page.items, page.next.as_ref().map(write_place)));
    finish(caller, given, page, position)
}

async fn overdue_repayments(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(pairs): Pairs,
) -> Result<Response, Response> {
    let given = begin(&caller, OVERDUE_REPAYMENTS, pairs)?;
    let (filters, reach) = (filters(&given)?, reach_of(&caller.grant.scope));
    let question = LoanQuestion {
        due_until: days_ago(&app, days(&given, OVERDUE_FROM_DAYS)?.unwrap_or(OVERDUE_FROM_DAYS)),
        today: today(&app),
        filters: &filters,
        reach: &reach,
        after: given.place(read_loan)?,
        limit: given.limit()?,
    };
    let position = arrive(&app, &caller, &headers, &reach, "loan_status").await?;
    let page = lists::overdue(&app.read, &question).await;
    let page = page.map(|page| {
        let next = page.next.map(|at| format!("{} {} {}", at.due_on, at.id, at.financing));
        (page.items, next)
    });
    finish(&caller, &given, page, position)
}

fn begin<'a>(
    caller: &'a Caller,
    path: &'static str,
    pairs: Vec<(String, String)>,
) -> Result<Parameters<'a>, Response> {
    caller.require(PATH_READERS)?;
    Parameters::read(caller, path, pairs)
}

/// Waits for the position that is asked for; the position that is read at. Every list looks at where its
/// paths stand, and a region's at where its offices stand.
async fn arrive(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    reach: &Reach,
    projection: &str,
) -> Result<u64, Response> {
    let projections = [CASES, projection, OFFICES];
    let needed = if matches!(reach, Reach::Regions(_)) { 3 } else { 2 };
    let projections = &projections[..needed];
    wait_for_position(app, caller, headers, projections).await?;
    position_of(app, caller, projections).await
}

/// The answer with a page's items and where the next begins.
fn finish<T: Serialize>(
    caller: &Caller,
    given: &Parameters<'_>,
    page: Result<(Vec<T>, Option<String>), ReadError>,
    position: u64,
) -> Result<Response, Response> {
    let (items, next) = page.map_err(|error| unavailable(caller, &error))?;
    let next = next.map(|place| write_cursor(&given.question(), &place));
    Ok(answer(&json!({ "items": items, "next_cursor": next }), position))
}

fn today(app: &App) -> NaiveDate {
    app.commands.clock().now().date_naive()
}

fn days_ago(app: &App, days: u32) -> NaiveDate {
    let today = today(app);
    today.checked_sub_days(Days::new(days.into())).unwrap_or(today)
}

fn days(given: &Parameters<'_>, least: u32) -> Result<Option<u32>, Response> {
    let expected = format!("{least}..{DAYS_MAX}");
    given.parsed("days", &expected, |text| {
        text.parse().ok().filter(|days| (least..=DAYS_MAX).contains(days))
    })
}

/// A day, a path's id and a number.
fn read_numbered(text: &str) -> Option<(NaiveDate, String, i64)> {
    let mut parts = text.split(' ');
    let on = parts.next()?.parse().ok()?;
    let id = Uuid::try_parse(parts.next()?).ok()?.to_string();
    let number = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((on, id, number))
}

fn read_visit(text: &str) -> Option<VisitPlace> {
    read_numbered(text).map(|(due_on, id, milestone)| VisitPlace { due_on, id, milestone })
}

fn read_loan(text: &str) -> Option<LoanPlace> {
    read_numbered(text).map(|(due_on, id, financing)| LoanPlace { due_on, id, financing })
}

fn write_pair(place: &Place) -> String {
    format!("{} {} {}", place.score, place.one, place.other)
}

fn read_pair(text: &str) -> Option<Place> {
    let mut parts = text.split(' ');
    let score = parts.next()?.parse().ok()?;
    let one = Uuid::try_parse(parts.next()?).ok()?;
    let other = Uuid::try_parse(parts.next()?).ok()?;
    parts.next().is_none().then_some(Place { score, one, other })
}
