//! Who read a person's data. Looking at it is itself a reading of that person's data, and leaves its entry
//! before it is answered.

use axum::extract::State;
use chrono::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::find::{found, log_access, stream_of};
use crate::http::App;
use crate::http::contract::answer::Read;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::replay::readings::{ReadingPlace, ShownReading, readings_of};

/// Which page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedReadings {
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// Readings of one person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readings {
    /// The path.
    id: Uuid,
    /// The readings, newest first.
    items: Vec<ShownReading>,
    /// Where the next page begins; nothing on the last one.
    next_cursor: Option<String>,
}

/// `GET /v1/beneficiaries/{id}/access`.
pub async fn readings(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    asked: Query<AskedReadings>,
) -> Result<Read<Readings>, ApiError> {
    let (place, limit) = (asked.place_of(read_place)?, asked.limit.get());
    let (id, path) = found(&app, &caller, &id).await?;
    log_access(&app, &caller, "access", stream_of(id)).await?;
    let journal = app.commands.journal();
    let mut found = readings_of(journal, &stream_of(id), place.as_ref(), limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| has_more).map(|last| {
        let ReadingPlace { at, entry_id } = last.place();
        asked.cursor_to(&format!("{} {entry_id}", at.timestamp_micros()))
    });
    let items = found.iter().map(|reading| reading.shown(caller.language())).collect();
    Ok(Read { body: Readings { id, items, next_cursor }, position: path.position })
}

fn read_place(text: &str) -> Option<ReadingPlace> {
    let (micros, id) = text.split_once(' ')?;
    let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    Some(ReadingPlace { at, entry_id: Uuid::try_parse(id).ok()?.to_string() })
}
