//! How each path stood, from one day to the next.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, RECORDED, SEQUENCE, TO_BEFORE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    CaseSpells (broken down), "case_spells" of "case_spells",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "How each path stood, from one day to the next: its status, and whether the person was on a waiting list.",
    "Où en était chaque parcours, d'un jour à l'autre : son statut, et si la personne était en liste d'attente.",
    indexes ["aggregate_id", "spell, occurred_on"],
    /// How a path stood for a time.
    CaseSpellRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        spell: Word = means("État", "active, suspended, closed, exited or completed; waiting beside them.");
        occurred_on: NaiveDate = means("À partir du", "First day on which it was so.");
        ended_on: Option<NaiveDate> = TO_BEFORE;
        recorded_at: DateTime<Utc> = RECORDED;
    }
}
