//! What the parties of each convention have committed themselves to.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::PROGRAMME;
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Commitments, "commitments" of "commitments",
    Read, Keeping::Current, key ["programme", "commitment"],
    "What the parties of each convention have committed themselves to.",
    "Les engagements des parties à chaque convention.",
    indexes ["programme, due_on, commitment", "due_on, programme, commitment"],
    /// A commitment of a party.
    CommitmentRow {
        programme: Uuid = PROGRAMME;
        commitment: u32 = means("Engagement", "Number within the programme, from 1.");
        party: Word = means("Partie", "Name of the party.");
        what: Word = means("Objet", "What it commits itself to.");
        indicator: Option<Word> = means("Indicateur", "The indicator that tells of it.");
        recorded_on: NaiveDate = means("Pris le", "Day on which it was recorded.");
        due_on: NaiveDate = means("À tenir avant le", "Day by which it is to be done.");
        fulfilled_on: Option<NaiveDate> = means("Tenu le", "Day on which it was kept; empty while it is not.");
        withdrawn_on: Option<NaiveDate> = means("Retiré le", "Day on which it was withdrawn; empty while it stands.");
    }
}
