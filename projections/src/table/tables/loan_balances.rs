//! What was owed of each loan, from one day to the next.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::Xof;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, FINANCING, RECORDED, SEQUENCE_OF_LAST, TO_BEFORE};
use crate::table::define::{means, table};
use crate::table::definition::Keeping;

table! {
    LoanBalances (broken down), "loan_balances" of "loan_balances",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "What was owed of each loan, from each day on which something happened to it to the next.",
    "Ce qui restait dû de chaque crédit, d'un jour où il s'y est passé quelque chose au suivant.",
    indexes ["aggregate_id", "occurred_on"],
    /// What was owed of a loan from a day on.
    LoanBalanceRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE_OF_LAST;
        financing: u32 = FINANCING;
        occurred_on: NaiveDate = means("À partir du", "First day on which it was so.");
        ended_on: Option<NaiveDate> = TO_BEFORE;
        recorded_at: DateTime<Utc> = RECORDED;
        outstanding: Xof = means("Encours", "Principal paid out and not back; 0 once written off.");
        interest_owed: Xof = means(
            "Intérêts restant dus",
            "Interest of the schedule in force that is not paid, due or not; 0 once written off.",
        );
        oldest_unpaid_due_on: Option<NaiveDate> = means(
            "Plus ancienne échéance impayée",
            "Day of the oldest instalment of which any part, principal or interest, is unpaid; empty when none is left.",
        );
        reschedulings: u32 = means("Rééchelonnements", "How often it was rescheduled by then.").of("times");
    }
}
