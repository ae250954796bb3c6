//! Attendance.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    TrainingAttendance (broken down), "training_attendance" of "training_attendance",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Attendance: one row a person and session.",
    "Assiduité : une ligne par personne et séance.",
    indexes ["aggregate_id", "cohort, session"],
    /// Somebody's attendance of one session.
    AttendanceRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        session: Word = means("Séance", "The session's word.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        minutes: u32 = means("Minutes", "Length of the session.").of("minutes");
        attended_minutes: u32 = means(
            "Minutes suivies",
            "Length, if the person was there.",
        ).of("minutes");
        present: bool = means("Présent", "Whether the person was there.");
    }
}
