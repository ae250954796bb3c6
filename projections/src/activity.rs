//! Who recorded what: a row for each event, of every stream.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::FeedEvent;
use crate::changes::Changes;
use crate::table::tables::activity_log::ActivityRow;

/// What every event's payload has.
#[derive(Deserialize)]
struct Author {
    occurred_on: NaiveDate,
    by: String,
}

/// Adds the row of an event; none of an event that says neither day nor author.
pub(crate) fn tell(event: &FeedEvent, changes: &mut Changes) {
    let Ok(author) = serde_json::from_str::<Author>(&event.payload) else { return };
    changes.add(ActivityRow {
        position: event.position,
        recorded_at: event.recorded_at,
        occurred_on: author.occurred_on,
        aggregate_type: event.aggregate_type.clone().into(),
        aggregate_id: event.aggregate_id,
        sequence: event.sequence,
        event_type: event.event_type.clone().into(),
        actor: author.by.into(),
    });
}
