//! What each path has reached.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    CaseMilestones (broken down), "case_milestones" of "case_milestones",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "What each path has reached, once: the funnel, with both times.",
    "Les étapes atteintes par chaque parcours, une fois chacune, avec les deux dates.",
    indexes ["aggregate_id", "milestone, occurred_on"],
    /// A milestone that a path has reached.
    MilestoneRow {
        aggregate_id: Uuid = AGGREGATE;
        milestone: Word = means(
            "Étape atteinte",
            "registered, idea_submitted, eligible, interviewed, selected, enrolled, trained, plan_validated, financing_requested, approved, financed, waived, started, closed, completed or exited.",
        );
        sequence: Sequence = SEQUENCE;
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        days: i64 = means("Jours", "Days since registration; negative when told so.").of("days");
    }
}
