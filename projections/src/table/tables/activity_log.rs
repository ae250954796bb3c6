//! Who recorded what, and when.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::{Position, Sequence};
use uuid::Uuid;

use super::common::{OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    ActivityLog, "activity_log" of "activity_log",
    Identity, Keeping::Current, key ["position"],
    "Who recorded what, and when: one row an event. It names the staff, so analysts do not see it.",
    "Qui a enregistré quoi, et quand : une ligne par événement.",
    indexes [
        "position",
        "actor, recorded_at",
        "aggregate_id, sequence",
    ],
    /// An event, by whoever recorded it.
    ActivityRow {
        position: Position = means("Position", "Position of the event.").of("position");
        recorded_at: DateTime<Utc> = RECORDED;
        occurred_on: NaiveDate = OCCURRED;
        aggregate_type: Word = means("Objet", "beneficiary, programme, cohort or fund.");
        aggregate_id: Uuid = means("Flux", "Id of the stream.");
        sequence: Sequence = SEQUENCE;
        event_type: Word = means("Événement", "The event's type.");
        actor: Word = means("Auteur", "Who recorded it.");
    }
}
