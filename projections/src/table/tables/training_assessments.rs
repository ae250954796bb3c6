//! The last assessment of each module.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    TrainingAssessments (broken down), "training_assessments" of "training_attendance",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "The last assessment of each module.",
    "La dernière évaluation de chaque module.",
    indexes ["aggregate_id", "cohort, module"],
    /// The last assessment of a module.
    AssessmentRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        module: Word = means("Module", "The module.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        score: u32 = means("Note", "Points out of 100.").of("points");
        passed: bool = means("Validé", "Whether the pass mark was met.");
    }
}
