//! The visits that are due.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::{AGGREGATE, OFFICE_NOW, PROGRAMME, REFERENCE, REGION_NOW};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    FollowUpSchedule, "follow_up_schedule" of "follow_up_schedule",
    Read, Keeping::Current, key ["aggregate_id", "milestone"],
    "The visits that each started business is due, by the rules it started under.",
    "Les visites dues à chaque activité démarrée, selon les règles de son démarrage.",
    indexes [
        "aggregate_id",
        "due_on, aggregate_id, milestone WHERE open",
        "programme, office, due_on, aggregate_id, milestone WHERE open",
        "programme, due_on, aggregate_id, milestone WHERE open",
        "region, due_on, aggregate_id, milestone WHERE open",
    ],
    /// A visit that a started business is due.
    DueVisitRow {
        aggregate_id: Uuid = AGGREGATE;
        milestone: u32 = means(
            "Échéance",
            "Months after the start that the visit is due.",
        ).of("months");
        programme: Uuid = PROGRAMME;
        office: Word = OFFICE_NOW;
        region: Word = REGION_NOW;
        reference: Word = REFERENCE;
        due_on: NaiveDate = means("Due le", "Day on which the visit is due.");
        visited_on: Option<NaiveDate> = means("Faite le", "Day of the visit; empty until it is made.");
        open: bool = means(
            "À faire",
            "Whether it is still to be made: not visited, path active, business open.",
        );
    }
}
