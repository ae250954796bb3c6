//! Businesses, one by one: when each started, was last seen, and closed.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, BUSINESS, RECORDED, SEQUENCE};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    Businesses (broken down), "businesses" of "businesses",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Businesses, one by one: when each started, was last seen, and closed.",
    "Les activités, une à une : démarrage, dernière fois vue, cessation.",
    indexes ["aggregate_id", "occurred_on"],
    /// A business.
    BusinessRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        business: u32 = BUSINESS;
        occurred_on: NaiveDate = means("Démarrée le", "Day on which it started.");
        recorded_at: DateTime<Utc> = RECORDED;
        last_seen_on: Option<NaiveDate> = means(
            "Vue en activité le",
            "Last day on which a visit saw it trading or paused; empty while none did.",
        );
        closed_on: Option<NaiveDate> = means(
            "Cessée le",
            "Day on which it closed, or a visit saw it closed; empty while it is not.",
        );
    }
}
