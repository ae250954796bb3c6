//! Transfers that wait to be accepted.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::{AGGREGATE, OFFICE_NOW, PROGRAMME, REFERENCE, REGION_NOW};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Handovers, "handovers" of "case_status",
    Identity, Keeping::Current, key ["aggregate_id"],
    "Paths handed over to another office that has neither accepted nor returned them; who works where is not for analysts.",
    "Parcours transférés que l'antenne d'accueil n'a encore ni acceptés ni renvoyés.",
    indexes ["aggregate_id", "handed_over_on, aggregate_id"],
    /// A transfer that waits to be accepted.
    HandoverRow {
        aggregate_id: Uuid = AGGREGATE;
        reference: Word = REFERENCE;
        programme: Uuid = PROGRAMME;
        office: Word = OFFICE_NOW;
        region: Word = REGION_NOW;
        from_office: Word = means("Antenne d'origine", "The office that handed the path over.");
        handed_over_on: NaiveDate = means("Transféré le", "Day of the transfer.");
    }
}
