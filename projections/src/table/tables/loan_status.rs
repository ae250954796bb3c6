//! Where each loan stands.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::Xof;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, FINANCING, OCCURRED, RECORDED, REFERENCE, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    LoanStatus (broken down), "loan_status" of "loan_status",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Where each loan that was paid out stands.",
    "Où en est chaque crédit décaissé.",
    indexes [
        "aggregate_id",
        "fund",
        "oldest_unpaid_due_on, aggregate_id, financing WHERE until_position IS NULL",
    ],
    /// Where a loan that was paid out stands.
    LoanStatusRow {
        aggregate_id: Uuid = AGGREGATE;
        reference: Word = REFERENCE;
        sequence: Sequence = SEQUENCE;
        financing: u32 = FINANCING;
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        disbursed: Xof = means("Décaissé", "Paid out.");
        repaid: Xof = means("Remboursé", "Principal paid back.");
        outstanding: Xof = means("Encours", "Principal paid out and not back; 0 once written off.");
        interest_owed: Xof = means(
            "Intérêts restant dus",
            "Interest of the schedule in force that is not paid, due or not; 0 once written off.",
        );
        credit: Xof = means("Trop-perçu", "Paid back above all that was owed, and not refunded.");
        recovered: Xof = means("Recouvré", "What came in after the loan was written off.");
        oldest_unpaid_due_on: Option<NaiveDate> = means(
            "Plus ancienne échéance impayée",
            "Day of the oldest instalment of which any part, principal or interest, is unpaid; empty when none is left.",
        );
        reschedulings: u32 = means(
            "Rééchelonnements",
            "How often the loan was rescheduled.",
        ).of("times");
        written_off: bool = means("Passé en perte", "Whether it was written off.");
    }
}
