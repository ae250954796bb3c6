//! Who recorded events, in which roles and from which offices.

use chrono::NaiveDate;

use crate::table::define::{Word, means, table};
use crate::table::definition::{Keeping, Merge};

/// How the columns of two rows of one actor, role and office (of its programme) become one.
pub const MERGE: &[Merge] =
    &[Merge::Key, Merge::Key, Merge::Key, Merge::Key, Merge::Least, Merge::Greatest, Merge::Sum];

table! {
    Staff, "staff" of "staff",
    Identity, Keeping::Merged(MERGE), key ["actor", "role", "programme", "office"],
    "Who recorded events, in which roles and from which offices. It names the staff, so analysts do not see it.",
    "Qui a enregistré, dans quels rôles et depuis quelles antennes.",
    indexes ["role, actor", "office, actor"],
    /// What somebody recorded in one role, from one office.
    StaffRow {
        actor: Word = means("Auteur", "Who recorded: the name that the token gives.");
        role: Word = means("Rôle", "The role that they recorded in.");
        programme: Word = means(
            "Programme",
            "The programme that the office is of; a text without letters where no office is named, or its programme was not kept yet.",
        );
        office: Word = means(
            "Antenne",
            "The office that their token named; a text without letters where it did not name just one.",
        );
        first_on: NaiveDate = means("Premier jour", "First day on which they recorded so.");
        last_on: NaiveDate = means("Dernier jour", "Last day on which they recorded so.");
        events: u32 = means("Événements", "Events that they recorded so.").of("events");
    }
}
