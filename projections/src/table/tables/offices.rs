//! The offices of each programme.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::PROGRAMME;
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Offices, "offices" of "offices",
    Read, Keeping::Current, key ["programme", "office"],
    "The offices of each programme, and the region that each stands in.",
    "Les antennes de chaque programme, et la région de chacune.",
    indexes [
        "programme, office",
        "office",
        "region, programme, office",
    ],
    /// An office of a programme.
    OfficeRow {
        programme: Uuid = PROGRAMME;
        office: Word = means("Antenne", "The office's code, its own within the programme.");
        name: Word = means("Nom", "Name of the office.");
        region: Word = means("Région", "The region that it stands in.");
        opened_on: NaiveDate = means("Ouverte le", "Day on which it was opened, for the last time.");
        closed_on: Option<NaiveDate> = means("Fermée le", "Last day; empty while it is open.");
    }
}
