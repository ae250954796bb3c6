//! Where each programme stands.

use chrono::NaiveDate;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::common::{POSITION, PROGRAMME, VERSION};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    ProgrammeStatus, "programme_status" of "programme_status",
    Read, Keeping::Current, key ["programme"],
    "Where each programme stands: its convention, term and offices.",
    "Où en est chaque programme : convention, durée et antennes.",
    indexes ["programme", "signed_on, programme"],
    /// Where a programme stands.
    ProgrammeStatusRow {
        programme: Uuid = PROGRAMME;
        name: Word = means("Nom", "Name of the programme.");
        signed_on: NaiveDate = means("Signé le", "Day of signature, the first of the term.");
        ends_on: NaiveDate = means("Au", "Last day of the term, its renewals included.");
        term_years: u32 = means("Durée", "Term with its renewals.").of("years");
        renewals: u32 = means("Reconductions", "How often it was renewed.").of("times");
        renewable: bool = means("Reconductible", "Whether the convention may be renewed.");
        offices: u32 = means("Antennes", "Offices that were ever opened.").of("offices");
        offices_open: u32 = means(
            "Antennes ouvertes",
            "Offices without a day of closing.",
        ).of("offices");
        rules_version: u32 = means(
            "Version des règles",
            "Newest version of its rules; 0 while the defaults apply.",
        );
        parties: Word = means(
            "Parties",
            "Parties to the convention, as a JSON list of name and role.",
        );
        version: Version = VERSION;
        position: Position = POSITION;
    }
}
