//! Values that stand in no other table.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    IndicatorValues (broken down), "indicator_values" of "indicator_values",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Values that indicators are made of and that stand in no other table.",
    "Les valeurs dont les indicateurs sont faits et qu'aucune autre table ne porte.",
    indexes ["aggregate_id", "measure, occurred_on"],
    /// A value that an indicator is made of.
    IndicatorValueRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        measure: Word = means(
            "Mesure",
            "income_baseline, income_follow_up, income_tracer (what an income comes to in twelve months, its period counted in whole months, one at least, rounded down), revenue_change (monthly revenue, last visit with one less first, of the business started last), community_action (people reached), support, referral (1 each).",
        );
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        value: i64 = means("Valeur", "The value, in the measure's unit.");
        currency: Option<Word> = means("Devise", "Currency of an income.");
        trained: Option<bool> = means(
            "Formé",
            "Whether the person has completed a training; of an income.",
        );
    }
}
