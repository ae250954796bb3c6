//! Payments, one by one.

use chrono::{DateTime, NaiveDate, Utc};
use sira_domain::values::Xof;
use sira_numbers::Sequence;
use uuid::Uuid;

use super::common::{OCCURRED, PROGRAMME, RECORDED};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Payments, "payments" of "payments",
    Identity, Keeping::Versioned, key ["since_position", "part"],
    "Every payment out of a fund or into it, with its reversal; its reference may name an account.",
    "Chaque paiement d'un fonds ou à un fonds, avec son annulation ; sa référence peut désigner un compte.",
    indexes [
        "aggregate_id",
        "occurred_on, aggregate_id, sequence",
        "fund, occurred_on, aggregate_id, sequence",
        "kind, occurred_on, aggregate_id, sequence",
        "programme, occurred_on, aggregate_id, sequence",
        "reference_form, occurred_on, aggregate_id, sequence",
        "reversal_form, occurred_on, aggregate_id, sequence WHERE reversal_form IS NOT NULL",
    ],
    /// A payment.
    PaymentRow {
        aggregate_id: Uuid = means("Flux", "Id of the path; of the fund, for its overheads.");
        sequence: Sequence = means("Séquence", "Sequence of the payment's event in that stream, from 1.");
        kind: Word = means(
            "Nature",
            "disbursement, guarantee_call, credit_refund, repayment, recovery, unspent_refund or overhead.",
        );
        programme: Uuid = PROGRAMME;
        fund: Uuid = means("Fonds", "Id of the fund.");
        financing: Option<u32> = means("Financement", "Number of the financing within the path; none of an overhead.");
        tranche: Option<u32> = means("Tranche", "Number of the tranche, of a disbursement.");
        instrument: Option<Word> = means("Instrument", "grant, kit, loan or guarantee; none of an overhead.");
        budget_line: Option<Word> = means("Ligne budgétaire", "The fund's budget line, where it has lines.");
        method: Option<Word> = means("Mode de paiement", "How it was paid.");
        occurred_on: NaiveDate = OCCURRED;
        recorded_at: DateTime<Utc> = RECORDED;
        amount: Xof = means("Montant", "What was paid in all: of a repayment, with interest and credit.");
        interest: Xof = means("Dont intérêts", "Interest of it.");
        credit: Xof = means("Dont trop-perçu", "Credit of it: paid above all that was owed.");
        payment_reference: Word = means("Référence du paiement", "The payment's reference, as it was typed.");
        reference_form: Word = means("Forme de la référence", "The one form of it, by which it is found.");
        reversed_on: Option<NaiveDate> = means("Annulé le", "Day on which the payment was undone.");
        reversal_sequence: Option<Sequence> = means("Séquence de l'annulation", "Sequence of the reversal's event.");
        reversal_ground: Option<Word> = means("Motif de l'annulation", "Code of why it was undone.");
        reversal_reference: Option<Word> = means("Référence de l'annulation", "The reversal's own reference, as it was typed.");
        reversal_form: Option<Word> = means("Forme de celle-ci", "The one form of it, by which it is found.");
    }
}
