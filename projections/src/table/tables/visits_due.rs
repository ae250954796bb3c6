//! Follow-up visits as they fall due, one by one, by the rules that each business started under.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, BUSINESS, RECORDED, SEQUENCE};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    VisitsDue (broken down), "visits_due" of "visits_due",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Follow-up visits, one a milestone of the rules that a business started under: when each falls due, and when it was made.",
    "Les visites de suivi, une par échéance des règles du démarrage : quand chacune est due, et quand elle a été faite.",
    indexes ["aggregate_id", "occurred_on"],
    /// A visit that falls due.
    VisitDueRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        business: u32 = BUSINESS;
        milestone: u32 = means("Échéance", "Months after the start.").of("months");
        occurred_on: NaiveDate = means("Due le", "Day on which it falls due.");
        recorded_at: DateTime<Utc> = RECORDED;
        visited_on: Option<NaiveDate> = means(
            "Faite le",
            "Day of the visit of this milestone; empty until it is made.",
        );
        due: bool = means(
            "Exigible",
            "Whether somebody was to be visited on that day: the business had not closed, the path went on, and no earlier business had had the visit.",
        );
    }
}
