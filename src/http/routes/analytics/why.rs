//! Why somebody is counted: the events behind a cell, by id, for those who may see paths.

use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::{Position, Sequence};
use sira_projections::analytics::why::{CellReason, ReasonPlace};
use sira_projections::analytics::{AnalyticsQuery, Indicator, Indicators, Moment, PROJECTIONS};
use uuid::Uuid;

use super::super::beneficiaries::current;
use super::answer::{Definition, FigureHead, definitions};
use super::asked::AskedCell;
use crate::figures::{FoundMoment, Question};
use crate::grant::Scope;
use crate::http::App;
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
    head: FigureHead,
    /// What the indicator is.
    definitions: Vec<Definition>,
    /// How many events there are, of all pages.
    events: u64,
    /// A page of the events.
    items: Vec<Item>,
    /// Where the next page begins; nothing on the last one.
    next_cursor: Option<String>,
}

/// An event behind the cell.
#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    /// The path; nothing for one that is out of the caller's reach today.
    id: Option<Uuid>,
    /// Its sequence in the path.
    sequence: Sequence,
    /// Its position.
    position: Position,
    /// The day of the fact.
    occurred_on: NaiveDate,
    /// What it adds to the numerator.
    numerator: i64,
    /// What it adds to the denominator.
    denominator: i64,
    /// Sequences of events of the same path that decide what it adds.
    beside: Vec<Sequence>,
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
    let _turn = app.figures.turn(caller.grant.token_id)?;
    let found = app.figures.moment(question.when).await?;
    let body = by_id(&app, &caller, indicator, &question, &found).await?;
    Ok(Read { body, position: found.at.position })
}

async fn by_id(
    app: &App,
    caller: &Caller,
    indicator: &'static Indicator,
    question: &Question,
    found: &FoundMoment,
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
    let reach = app.figures.reach(&caller.grant.scope).await?;
    let query = AnalyticsQuery { reach, ..question.query.clone() };
    let page = (place.map(|(_, place)| place), question.limit.unwrap_or(PAGE as usize));
    let reasons = app.figures.why(indicator, query, at, page).await?;
    let mut items = Vec::new();
    for reason in &reasons.reasons {
        items.push(item(reason, is_within(app, caller, reason.id).await));
    }
    let cursor = |(since, number)| write_cursor(&asked, &format!("{position} {since} {number}"));
    Ok(Reasons {
        head: FigureHead::of(question, &FoundMoment { at, ..*found }, caller.language()),
        definitions: definitions(std::iter::once(indicator), caller.language()),
        events: reasons.events,
        items,
        next_cursor: reasons.next.map(cursor),
    })
}

/// Whether the caller may see a path today: a figure counts it where it was, and who has handed a person
/// over is no longer told who it is. When nobody can tell, it is not told.
async fn is_within(app: &App, caller: &Caller, id: Uuid) -> bool {
    caller.grant.scope == Scope::All || current(app, caller, id).await.is_ok()
}

/// An event behind the cell; without the path's id for one that is out of the caller's reach.
fn item(reason: &CellReason, is_within: bool) -> Item {
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
fn read_place(text: &str) -> Option<(Position, ReasonPlace)> {
    let mut parts = text.split(' ');
    let position = parts.next()?.parse().ok()?;
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((position, place))
}
