//! What columns mean that several tables have.

use crate::table::define::{Meaning, means};

pub const AGGREGATE: Meaning = means("Parcours", "Id of the beneficiary's path.");
pub const SEQUENCE: Meaning = means("Séquence", "Sequence of the event in its stream, from 1.");
pub const OCCURRED: Meaning = means("Jour du fait", "Day on which it happened, in the field.");
pub const RECORDED: Meaning = means("Enregistré à", "When the event was recorded.");
pub const VERSION: Meaning = means("Version", "Sequence of the last event.").of("events");
pub const POSITION: Meaning = means("Position", "Position of the last event.").of("position");
pub const PROGRAMME: Meaning = means("Programme", "Id of the programme.");
pub const REFERENCE: Meaning = means("Référence", "Reference for paper and phone.");
pub const FINANCING: Meaning =
    means("Financement", "Number of the financing within the path, from 1.");
pub const OFFICE_NOW: Meaning = means("Antenne", "Office in charge.");
pub const REGION_NOW: Meaning = means("Région", "Region of residence.");
pub const REGISTERED_ON: Meaning = means("Inscrit le", "Day of registration.");
pub const STARTED_ON: Meaning = means("Démarré le", "Day on which the business started.");
pub const LAST_ON: Meaning = means("Dernier fait le", "Latest day of any fact of the path.");
pub const SEX: Meaning = means("Sexe", "female or male.");
pub const AGE_BAND: Meaning = means(
    "Tranche d'âge",
    "Age reached in the year of registration, by the year of birth as known now: under_18, 18_24, 25_29, 30_35 or over_35.",
);
pub const DISABILITY: Meaning = means(
    "Handicap",
    "Whether an answer of the Washington Group short set is 3 or 4; empty when not asked.",
);
pub const DISPLACED: Meaning =
    means("Déplacé interne", "Whether internally displaced; empty when not asked.");
pub const COHORT: Meaning = means("Groupe", "Id of the training group last joined, by then.");
pub const FUND: Meaning = means(
    "Fonds",
    "Id of the fund: the row's own where it is about money, else that of the last approved financing, by then.",
);
pub const TO_BEFORE: Meaning =
    means("Jusqu'avant le", "Day from which it was so no longer; empty while it is so.");
pub const SEQUENCE_OF_LAST: Meaning =
    means("Séquence", "Sequence of the last recorded of the events that make the row what it is.");
pub const BUSINESS: Meaning = means("Activité", "Number of the business within the path, from 1.");
pub const SECTOR: Meaning = means(
    "Secteur",
    "Sector of the business, or of the idea before it has started: an ISIC rev. 4 section or the programme's own.",
);
pub const EDUCATION: Meaning =
    means("Niveau d'études", "Level of education, ISCED 2011; empty when not asked.");
