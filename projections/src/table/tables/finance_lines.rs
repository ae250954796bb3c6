//! Movements of money.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::Xof;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{AGGREGATE, FINANCING, OCCURRED, RECORDED, SEQUENCE};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    FinanceLines (broken down), "finance_lines" of "finance_lines",
    Read, Keeping::Versioned, key ["since_position", "part"],
    "Every movement of money: one row an amount.",
    "Chaque mouvement d'argent : une ligne par montant.",
    indexes [
        "aggregate_id",
        "fund, occurred_on",
        "line, occurred_on",
    ],
    /// A movement of money.
    FinanceLineRow {
        aggregate_id: Uuid = AGGREGATE;
        sequence: Sequence = SEQUENCE;
        line: Word = means(
            "Mouvement",
            "requested, approved, released, disbursed, principal_repaid, interest_repaid, credit_received, \
             written_off, recovered, refunded, credit_refunded or guarantee_called; reversed, of a payment that was \
             undone, which then counts in none of the others.",
        );
        financing: u32 = FINANCING;
        tranche: Option<u32> = means("Tranche", "Number of the tranche, of a disbursement.");
        instrument: Word = means("Instrument", "grant, kit, loan or guarantee.");
        method: Option<Word> = means("Mode de paiement", "How it was paid, of a payment.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        amount: Xof = means("Montant", "The amount.");
        reversed_line: Option<Word> = means("Mouvement annulé", "Of a reversed line: what it was until then.");
        reversed_on: Option<NaiveDate> = means("Annulé le", "Day on which the payment was undone.");
    }
}
