//! Where each donor's fund stands.

use chrono::NaiveDate;
use sira_domain::values::Xof;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::common::{POSITION, PROGRAMME, VERSION};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    FundStatus, "fund_status" of "fund_status",
    Read, Keeping::Current, key ["fund"],
    "Where each donor's fund stands.",
    "Où en est chaque fonds.",
    indexes [
        "fund",
        "starts_on, fund",
        "programme, starts_on, fund",
        "donor, starts_on, fund",
    ],
    /// Where a fund stands.
    FundStatusRow {
        fund: Uuid = means("Fonds", "Id of the fund.");
        programme: Uuid = PROGRAMME;
        code: Word = means("Code", "The fund's own word.");
        donor: Word = means("Bailleur", "The donor.");
        starts_on: NaiveDate = means("Du", "First day of commitment.");
        ends_on: NaiveDate = means("Au", "Last day of commitment.");
        budget: Xof = means("Budget", "What the donor gives, as it stands.");
        committed: Xof = means("Engagé", "Committed and not given up or paid back.");
        disbursed: Xof = means("Décaissé", "Paid out and not paid back.");
        repaid: Xof = means(
            "Remboursé",
            "What came back: principal, recoveries, unspent grants and kits.",
        );
        interest: Xof = means("Intérêts", "Interest that came in.");
        credit: Xof = means(
            "Trop-perçus",
            "Paid back above all that was owed, and held for the persons.",
        );
        reversed: Xof = means("Annulé", "Payments out that were undone.");
        overheads: Xof = means(
            "Frais de gestion",
            "Costs of the fund itself that were paid and not undone.",
        );
        free: Xof = means("Disponible", "What can still be committed.");
        closed: bool = means("Clos", "Whether it is closed.");
        version: Version = VERSION;
        position: Position = POSITION;
    }
}
