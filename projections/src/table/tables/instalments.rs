//! What fell due of each loan, part by part, and when it was paid.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::Xof;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, FINANCING, RECORDED, SEQUENCE_OF_LAST};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    Instalments (broken down), "instalments" of "instalments",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Instalments of what was lent, in parts by the day on which each was paid.",
    "Les échéances de ce qui a été prêté, par parts selon le jour où chacune a été payée.",
    indexes ["aggregate_id", "occurred_on"],
    /// A part of an instalment.
    InstalmentRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE_OF_LAST;
        financing: u32 = FINANCING;
        terms: u32 = means(
            "Conditions",
            "0 for the schedule that the loan began with, 1 for its first new one, and so on.",
        );
        instalment: u32 = means("Échéance", "Place among the instalments of its schedule, from 1.");
        occurred_on: NaiveDate = means("Due le", "Day on which it falls due.");
        recorded_at: DateTime<Utc> = RECORDED;
        amount: Xof = means("Montant", "Principal and interest of the part.");
        paid_on: Option<NaiveDate> = means("Payée le", "Day on which it was paid; empty while it is not.");
        ended_on: Option<NaiveDate> = means(
            "Remplacée le",
            "Day on which it was owed no longer, unpaid: the loan was rescheduled or written off. A later payment still pays a part of the first schedule.",
        );
    }
}
