//! Grievances with their outcome.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Grievances (broken down), "grievances" of "grievances",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Grievances with their outcome.",
    "Plaintes et leur issue.",
    indexes ["aggregate_id", "category, occurred_on"],
    /// A grievance with its outcome.
    GrievanceRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        grievance: u32 = means("Plainte", "Number within the path, from 1.");
        category: Word = means("Objet", "What it is about.");
        occurred_on: NaiveDate = means("Reçue le", "Day it was lodged.");
        recorded_at: DateTime<Utc> = RECORDED;
        resolved_on: Option<NaiveDate> = means("Traitée le", "Day it was resolved.");
        outcome: Option<Word> = means("Issue", "The outcome.");
    }
}
