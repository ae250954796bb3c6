//! Who recorded events: a row for each actor, role and office (of its programme) that they acted from, of every stream
//! together.
//!
//! The rows come from what the journal keeps beside an event, which the token of whoever called said of
//! them. They add up in any order, so it makes no difference whether events come as they were recorded
//! or stream by stream.

use std::borrow::Cow;

use serde::Deserialize;

use crate::FeedEvent;
use crate::changes::Changes;
use crate::table::tables::staff::{MERGE, StaffRow};
use crate::table::{TableId, TableRow};

/// What an event's metadata say of its author.
#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    actor: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    /// Only where the token named just one.
    #[serde(borrow, default)]
    office: Option<Cow<'a, str>>,
    /// Whose office it is; none of what was recorded before it was kept.
    #[serde(borrow, default)]
    programme: Option<Cow<'a, str>>,
}

/// Adds an event to what its author has recorded; none whose metadata name no author.
pub(crate) fn tell(event: &FeedEvent, changes: &mut Changes) {
    let Ok(author) = serde_json::from_str::<Author<'_>>(&event.metadata) else { return };
    let day = event.recorded_at.date_naive();
    let row = StaffRow {
        actor: author.actor.into_owned().into(),
        role: author.role.into_owned().into(),
        programme: author.programme.map(Cow::into_owned).unwrap_or_default().into(),
        office: author.office.map(Cow::into_owned).unwrap_or_default().into(),
        first_on: day,
        last_on: day,
        events: 1,
    };
    changes.of_mut(TableId::Staff).merge(row.row(), MERGE);
}
