//! Referrals to the services of partners.

use chrono::NaiveDate;
use uuid::Uuid;

use super::common::{AGGREGATE, OFFICE_NOW, PROGRAMME, REFERENCE, REGION_NOW};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    Referrals, "referrals" of "referrals",
    Identity, Keeping::Current, key ["aggregate_id", "referral"],
    "Referrals to services of the partners, with what came of them; who was sent where is not for analysts.",
    "Orientations vers les services des partenaires, et leurs suites.",
    indexes [
        "aggregate_id",
        "referred_on, aggregate_id, referral WHERE open",
        "programme, office, referred_on, aggregate_id, referral WHERE open",
    ],
    /// A referral to a service of a partner.
    ReferralRow {
        aggregate_id: Uuid = AGGREGATE;
        referral: u32 = means("Orientation", "Number within the path, from 1.");
        reference: Word = REFERENCE;
        programme: Uuid = PROGRAMME;
        office: Word = OFFICE_NOW;
        region: Word = REGION_NOW;
        partner: Word = means("Partenaire", "The partner, by the part that it has in the convention.");
        service: Word = means("Service", "The service that the person was sent to.");
        referred_on: NaiveDate = means("Orientée le", "Day of the referral.");
        settled_on: Option<NaiveDate> = means("Suite connue le", "Day on which the outcome was known.");
        outcome: Option<Word> = means("Issue", "The outcome; empty while it is not known.");
        open: bool = means(
            "En attente",
            "Whether the outcome is still waited for; nobody waits once the path is erased.",
        );
    }
}
