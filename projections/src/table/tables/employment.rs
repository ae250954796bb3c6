//! What people do for a living, as surveys told it last.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Employment (broken down), "employment" of "employment",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "What people do for a living, as each kind of survey told it last.",
    "Ce que font les gens pour vivre, tel que chaque sorte d'enquête l'a dit en dernier.",
    indexes ["aggregate_id", "survey, occurred_on"],
    /// What somebody does for a living.
    EmploymentRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        survey: Word = means("Enquête", "baseline, follow_up or tracer.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        status: Word = means("Situation d'emploi", "Status in employment, after the ILO.");
        works: bool = means("Travaille", "Whether that is work.");
        work_since: Option<Word> = means(
            "Travail par rapport à avant",
            "How the work compares with that before the programme: better, same or worse; empty where it was not asked.",
        );
    }
}
