//! Lines of statements that payments were reconciled with.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{OCCURRED, RECORDED};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Reconciliations, "reconciliations" of "payments",
    Identity, Keeping::Versioned, key ["since_position", "part"],
    "Which line of which statement a payment was reconciled with, by its reference in the fund.",
    "À quelle ligne de quel relevé un paiement a été rapproché, par sa référence dans le fonds.",
    indexes [
        "fund, reference_form",
    ],
    /// A payment, or the reversal of one, that was found on a statement.
    ReconciliationRow {
        fund: Uuid = means("Fonds", "Id of the fund.");
        sequence: Sequence = means("Séquence", "Sequence of the confirmation's event in the fund's stream.");
        reference_form: Word = means("Forme de la référence", "The one form of the payment's reference.");
        statement: Word = means("Relevé", "SHA-256 of the statement's file, in hexadecimal.");
        statement_line: u32 = means("Ligne du relevé", "Line of the statement's file, from 1.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
    }
}
