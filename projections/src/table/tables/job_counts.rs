//! Jobs of each business, from one sighting to the next.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, BUSINESS, RECORDED, SEQUENCE_OF_LAST, TO_BEFORE};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    JobCounts (broken down), "job_counts" of "job_counts",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Jobs of each business from the visit that saw them to the next, to its closure, or to twelve months later.",
    "Les emplois de chaque activité, de la visite qui les a vus à la suivante, à la cessation, ou douze mois.",
    indexes ["aggregate_id", "occurred_on"],
    /// Jobs of a business from a day on.
    JobCountRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE_OF_LAST;
        business: u32 = BUSINESS;
        occurred_on: NaiveDate = means("À partir du", "Day of the visit that saw them, or of the closure.");
        ended_on: Option<NaiveDate> = TO_BEFORE;
        recorded_at: DateTime<Utc> = RECORDED;
        women: u32 = means("Emplois de femmes", "Jobs held by women.").of("jobs");
        men: u32 = means("Emplois d'hommes", "Jobs held by men.").of("jobs");
        under_35: u32 = means("Emplois de moins de 35 ans", "Jobs held by people under 35.").of("jobs");
        full_time_hundredths: u32 = means(
            "Équivalents temps plein, en centièmes",
            "Full-time equivalents of 40 hours a week, in hundredths.",
        ).of("1/100 FTE");
        created: u32 = means(
            "Emplois nouveaux",
            "Jobs above the most that were seen of the business on any day before.",
        ).of("jobs");
        change: i64 = means("Variation", "Jobs more, or less, than on the day before that told any.").of("jobs");
    }
}
