//! Paths that are one person's with another.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    CaseLinks (broken down), "case_links" of "case_links",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Paths that are frozen since their person continues under another one. Who counts people counts the rows of both paths as one person's.",
    "Parcours gelés parce que la personne continue sous un autre. Qui compte des personnes compte les lignes des deux parcours comme celles d'une seule.",
    indexes ["aggregate_id", "continues_as"],
    /// A path that is frozen, and the one under which its person continues.
    CaseLinkRow {
        aggregate_id: Uuid = means("Parcours gelé", "Id of the path that is frozen.");
        sequence: Sequence = SEQUENCE;
        continues_as: Uuid = means("Se poursuit sous", "Id of the path under which the person continues.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
    }
}
