//! The adviser in charge of each path.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::{AGGREGATE, LAST_ON, REGISTERED_ON};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    CaseAdvisers, "case_advisers" of "case_status",
    Identity, Keeping::Current, key ["aggregate_id"],
    "The adviser in charge of each path; who works where is not for analysts.",
    "Le conseiller chargé de chaque parcours.",
    indexes [
        "aggregate_id",
        "adviser, registered_on, aggregate_id",
        "adviser, last_on, aggregate_id",
    ],
    /// The adviser of a path. The days are those of `case_status`, so that an adviser's list is read in its order.
    CaseAdviserRow {
        aggregate_id: Uuid = AGGREGATE;
        adviser: Word = means("Conseiller", "The adviser in charge.");
        registered_on: NaiveDate = REGISTERED_ON;
        last_on: NaiveDate = LAST_ON;
    }
}
