//! Why somebody is counted: the events behind a cell, by id for those who may see paths, as a count for
//! the others.

use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_projections::analytics::why::{Place, Reason};
use sira_projections::analytics::{Indicator, Indicators, Moment, PROJECTIONS};
use uuid::Uuid;

use super::super::beneficiaries::current;
use super::answer::{Definition, Head, definitions};
use super::asked::AskedCell;
use super::reached;
use crate::figures::{Found, Question};
use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::access::PATH_READERS;
use crate::http::contract::answer::Read;
use crate::http::contract::caller::Caller;
use crate::http::contract::cursor::{read_cursor, write_cursor};
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{MinPosition, Named};
use crate::http::contract::paging::PAGE;
use crate::http::contract::reading::wait;

/// The events behind a cell.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reasons {
    /// What was asked.
    #[serde(flatten)]
    head: Head,
    /// What the indicator is.
    definitions: Vec<Definition>,
    /// How many events there are; nothing where the cell is hidden.
    events: Option<u64>,
    /// The events, for those who may see paths, or whether the cell is hidden, for the others.
    #[serde(flatten)]
    told: Told,
}

/// What is told beside the count.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Told {
    /// For those who may see paths.
    Items {
        /// A page of the events.
        items: Vec<Item>,
        /// Where the next page begins; nothing on the last one.
        next_cursor: Option<String>,
    },
    /// For the others.
    Count {
        /// Whether the cell is hidden, being of few people.
        suppressed: bool,
    },
}

/// An event behind the cell.
#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    /// The path; nothing for one that is out of the caller's reach today.
    id: Option<Uuid>,
    /// Its sequence in the path.
    sequence: u64,
    /// Its position.
    position: u64,
    /// The day of the fact.
    occurred_on: NaiveDate,
    /// What it adds to the numerator.
    numerator: i64,
    /// What it adds to the denominator.
    denominator: i64,
    /// Sequences of events of the same path that decide what it adds.
    beside: Vec<u64>,
}

/// `GET /v1/analytics/indicators/{name}/why`.
pub async fn why(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    min: MinPosition,
    AskedCell(parameters): AskedCell,
) -> Result<Read<Reasons>, ApiError> {
    let indicator = Indicators::named(&name).ok_or(ApiError::NotFound)?;
    let question = Question::read_cell(parameters, indicator)?;
    wait(&app, min, &PROJECTIONS).await?;
    let found = app.figures.moment(question.when).await?;
    let body = if PATH_READERS.contains(&caller.grant.role) {
        by_id(&app, &caller, indicator, &question, &found).await?
    } else {
        by_count(&app, &caller, indicator, &question, &found).await?
    };
    Ok(Read { body, position: found.at.position })
}

/// For those who must see nobody: how many, where the cell itself may be told.
async fn by_count(
    app: &App,
    caller: &Caller,
    indicator: &'static Indicator,
    question: &Question,
    found: &Found,
) -> Result<Reasons, ApiError> {
    let query = reached(app, caller, question).await?;
    let figures = app.figures.compute(vec![indicator], query.clone(), found.at, true).await?;
    let suppressed = figures.iter().any(|one| one.cells.iter().any(|cell| cell.suppressed));
    let reasons = app.figures.why(indicator, query, found.at, (None, 0)).await?;
    let suppressed = suppressed || reasons.of_few;
    Ok(Reasons {
        head: Head::of(question, found),
        definitions: definitions(std::iter::once(indicator), caller.language()),
        events: (!suppressed).then_some(reasons.events),
        told: Told::Count { suppressed },
    })
}

async fn by_id(
    app: &App,
    caller: &Caller,
    indicator: &'static Indicator,
    question: &Question,
    found: &Found,
) -> Result<Reasons, ApiError> {
    // A page goes on at the position of the first: what was recorded in between is another question.
    let asked = format!("{} {:?} {:?}", indicator.name, question.query, question.when);
    let place = match &question.cursor {
        None => None,
        Some(cursor) => {
            let place = read_cursor(&asked, cursor).and_then(|place| read_place(&place));
            Some(place.ok_or_else(|| ApiError::parameter("cursor", "next_cursor"))?)
        }
    };
    let position = place.map_or(found.at.position, |(position, _)| position);
    let at = Moment { position, ..found.at };
    let query = reached(app, caller, question).await?;
    let page = (place.map(|(_, place)| place), question.limit.unwrap_or(PAGE as usize));
    let reasons = app.figures.why(indicator, query, at, page).await?;
    let mut items = Vec::new();
    for reason in &reasons.reasons {
        items.push(item(reason, is_within(app, caller, reason.id).await));
    }
    let cursor = |(since, number)| write_cursor(&asked, &format!("{position} {since} {number}"));
    Ok(Reasons {
        head: Head::of(question, &Found { at, ..*found }),
        definitions: definitions(std::iter::once(indicator), caller.language()),
        events: Some(reasons.events),
        told: Told::Items { items, next_cursor: reasons.next.map(cursor) },
    })
}

/// Whether the caller may see a path today: a figure counts it where it was, and who has handed a person
/// over is no longer told who it is. When nobody can tell, it is not told.
async fn is_within(app: &App, caller: &Caller, id: Uuid) -> bool {
    caller.grant.scope == Scope::All || current(app, caller, id).await.is_ok()
}

/// An event behind the cell; without the path's id for one that is out of the caller's reach.
fn item(reason: &Reason, is_within: bool) -> Item {
    Item {
        id: is_within.then_some(reason.id),
        sequence: reason.sequence,
        position: reason.position,
        occurred_on: reason.occurred_on,
        numerator: reason.part,
        denominator: reason.whole,
        beside: reason.beside.clone(),
    }
}

/// The position that the list is of, and the place in it.
fn read_place(text: &str) -> Option<(u64, Place)> {
    let mut parts = text.split(' ');
    let position = parts.next()?.parse().ok()?;
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((position, place))
}
