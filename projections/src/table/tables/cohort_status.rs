//! Where each training group stands.

use chrono::NaiveDate;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::common::{OFFICE_NOW, POSITION, PROGRAMME, VERSION};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    CohortStatus, "cohort_status" of "cohort_status",
    Read, Keeping::Current, key ["cohort"],
    "Where each training group stands.",
    "Où en est chaque groupe de formation.",
    indexes [
        "cohort",
        "starts_on, cohort",
        "programme, starts_on, cohort",
        "office, starts_on, cohort",
    ],
    /// Where a training group stands.
    CohortStatusRow {
        cohort: Uuid = means("Groupe", "Id of the cohort.");
        programme: Uuid = PROGRAMME;
        code: Word = means("Code", "The cohort's own word.");
        office: Word = OFFICE_NOW;
        centre: Word = means("Centre", "Where it is held.");
        capacity: u32 = means("Places", "Seats.").of("seats");
        seats_taken: u32 = means("Places prises", "Seats taken.").of("seats");
        sessions: u32 = means("Séances", "Sessions scheduled.").of("sessions");
        registers: u32 = means("Feuilles", "Sessions whose register was recorded.").of("sessions");
        present: u32 = means("Présences", "Members who were there, over all registers.").of("people");
        absent: u32 = means("Absences", "Members who were not.").of("people");
        starts_on: NaiveDate = means("Du", "First day.");
        ends_on: NaiveDate = means("Au", "Last day.");
        closed_on: Option<NaiveDate> = means("Clos le", "Day on which it was closed.");
        version: Version = VERSION;
        position: Position = POSITION;
    }
}
