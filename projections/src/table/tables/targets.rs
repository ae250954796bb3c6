//! The targets of each convention.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::PROGRAMME;
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Targets, "targets" of "indicator_values",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "The targets of each convention.",
    "Les cibles de chaque convention.",
    indexes ["programme, indicator"],
    /// A target of a convention.
    TargetRow {
        programme: Uuid = PROGRAMME;
        indicator: Word = means("Indicateur", "The indicator's word.");
        from_on: NaiveDate = means("Du", "First day of the period.");
        to_on: NaiveDate = means("Au", "Last day of the period.");
        region: Option<Word> = means("Région", "The region; empty for all.");
        sex: Option<Word> = means("Sexe", "The sex; empty for both.");
        value: u32 = means("Cible", "The value aimed at, in the indicator's unit.");
    }
}
