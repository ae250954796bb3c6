//! Why somebody is counted: the events behind a cell, by id for those who may see paths, as a count for
//! the others.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use sira_projections::analytics::why::{Place, Reason};
use sira_projections::analytics::{Indicator, Indicators, Moment, PROJECTIONS};
use uuid::Uuid;

use super::{Asked, answer, failed, reached, refused};
use crate::figures::{Found, Question};
use crate::grant::Scope;
use crate::http::App;
use crate::http::access::PATH_READERS;
use crate::http::beneficiaries::current;
use crate::http::problem;
use crate::http::reading::{PAGE, bad_parameter, read_cursor, wait_for_position, write_cursor};
use crate::http::request::{Caller, Named};

/// `GET /v1/analytics/indicators/{name}/why`.
pub async fn why(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Asked(parameters): Asked,
) -> Result<Response, Response> {
    let indicator =
        Indicators::named(&name).ok_or_else(|| caller.envelope.kind(problem::NOT_FOUND))?;
    let question =
        Question::read_cell(parameters, indicator).map_err(|bad| refused(&caller, &bad))?;
    wait_for_position(&app, &caller, &headers, &PROJECTIONS).await?;
    let found = app.figures.moment(question.when).await.map_err(|error| failed(&caller, &error))?;
    let body = if PATH_READERS.contains(&caller.grant.role) {
        by_id(&app, &caller, indicator, &question, &found).await?
    } else {
        by_count(&app, &caller, indicator, &question, &found).await?
    };
    Ok(crate::http::reading::answer(&body, found.at.position))
}

/// For those who must see nobody: how many, where the cell itself may be told.
async fn by_count(
    app: &App,
    caller: &Caller,
    indicator: &'static Indicator,
    question: &Question,
    found: &Found,
) -> Result<Value, Response> {
    let query = reached(app, caller, question).await?;
    let figures = app.figures.compute(vec![indicator], query.clone(), found.at, true).await;
    let figures = figures.map_err(|error| failed(caller, &error))?;
    let suppressed = figures.iter().any(|one| one.cells.iter().any(|cell| cell.suppressed));
    let reasons = app.figures.why(indicator, query, found.at, (None, 0)).await;
    let reasons = reasons.map_err(|error| failed(caller, &error))?;
    let suppressed = suppressed || reasons.of_few;
    let mut body = answer::head(question, found);
    body.insert("definitions".into(), answer::definitions(std::iter::once(indicator), caller));
    let count = if suppressed { Value::Null } else { reasons.events.into() };
    body.insert("events".into(), count);
    body.insert("suppressed".into(), suppressed.into());
    Ok(body.into())
}

async fn by_id(
    app: &App,
    caller: &Caller,
    indicator: &'static Indicator,
    question: &Question,
    found: &Found,
) -> Result<Value, Response> {
    // A page goes on at the position of the first: what was recorded in between is another question.
    let asked = format!("{} {:?} {:?}", indicator.name, question.query, question.when);
    let place = match &question.cursor {
        None => None,
        Some(cursor) => {
            let place = read_cursor(&asked, cursor).and_then(|place| read_place(&place));
            Some(place.ok_or_else(|| bad_parameter(caller, "cursor", "next_cursor"))?)
        }
    };
    let position = place.map_or(found.at.position, |(position, _)| position);
    let at = Moment { position, ..found.at };
    let query = reached(app, caller, question).await?;
    let page = (place.map(|(_, place)| place), question.limit.unwrap_or(PAGE as usize));
    let reasons = app.figures.why(indicator, query, at, page).await;
    let reasons = reasons.map_err(|error| failed(caller, &error))?;
    let mut body = answer::head(question, &Found { at, ..*found });
    body.insert("definitions".into(), answer::definitions(std::iter::once(indicator), caller));
    body.insert("events".into(), reasons.events.into());
    let mut items = Vec::new();
    for reason in &reasons.reasons {
        items.push(item(reason, is_within(app, caller, reason.id).await));
    }
    body.insert("items".into(), items.into());
    let cursor = |(since, number)| write_cursor(&asked, &format!("{position} {since} {number}"));
    body.insert("next_cursor".into(), reasons.next.map_or(Value::Null, |at| cursor(at).into()));
    Ok(body.into())
}

/// Whether the caller may see a path today: a figure counts it where it was, and who has handed a person
/// over is no longer told who it is. When nobody can tell, it is not told.
async fn is_within(app: &App, caller: &Caller, id: Uuid) -> bool {
    caller.grant.scope == Scope::All || current(app, caller, id).await.is_ok()
}

/// An event behind the cell; without the path's id for one that is out of the caller's reach.
fn item(reason: &Reason, is_within: bool) -> Value {
    json!({
        "id": is_within.then_some(reason.id),
        "sequence": reason.sequence,
        "position": reason.position,
        "occurred_on": reason.occurred_on,
        "numerator": reason.part,
        "denominator": reason.whole,
        "beside": reason.beside,
    })
}

/// The position that the list is of, and the place in it.
fn read_place(text: &str) -> Option<(u64, Place)> {
    let mut parts = text.split(' ');
    let position = parts.next()?.parse().ok()?;
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((position, place))
}
