//! Where each path stands.

use chrono::{DateTime, NaiveDate, Utc};
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::common::{
    AGE_BAND, AGGREGATE, COHORT, DISABILITY, DISPLACED, FUND, LAST_ON, OFFICE_NOW, POSITION,
    PROGRAMME, REFERENCE, REGION_NOW, REGISTERED_ON, SEX, STARTED_ON, VERSION,
};
use crate::table::define::{Word, means, table};
use crate::table::definition::Keeping;

table! {
    CaseStatus, "case_status" of "case_status",
    Read, Keeping::Current, key ["aggregate_id"],
    "Where each beneficiary's path stands: one row a path, nothing personal.",
    "Où en est chaque parcours : une ligne par parcours, rien de nominatif.",
    indexes [
        "aggregate_id",
        "reference",
        "position",
        "registered_on, aggregate_id",
        "last_on, aggregate_id",
        // Each office, and each office's list: a region is a few of them.
        "programme, office, registered_on, aggregate_id",
        "programme, office, last_on, aggregate_id",
        "programme, registered_on, aggregate_id",
        "programme, last_on, aggregate_id",
        "region, registered_on, aggregate_id",
        "region, last_on, aggregate_id",
        "stage, registered_on, aggregate_id",
        "stage, last_on, aggregate_id",
        "status, registered_on, aggregate_id",
        "status, last_on, aggregate_id",
        // Most paths have none of these for most of their time.
        "cohort, registered_on, aggregate_id WHERE cohort IS NOT NULL",
        "cohort, last_on, aggregate_id WHERE cohort IS NOT NULL",
        "sector, registered_on, aggregate_id WHERE sector IS NOT NULL",
        "sector, last_on, aggregate_id WHERE sector IS NOT NULL",
        "awaiting, registered_on, aggregate_id WHERE awaiting IS NOT NULL",
        "awaiting, last_on, aggregate_id WHERE awaiting IS NOT NULL",
        "last_on, aggregate_id WHERE awaiting IS NOT NULL",
        "path_closed_on, aggregate_id WHERE path_closed_on IS NOT NULL",
        "programme, office, path_closed_on, aggregate_id WHERE path_closed_on IS NOT NULL",
    ],
    /// Where a path stands.
    CaseStatusRow {
        aggregate_id: Uuid = AGGREGATE;
        reference: Word = REFERENCE;
        programme: Uuid = PROGRAMME;
        office: Word = OFFICE_NOW;
        region: Word = REGION_NOW;
        sex: Word = SEX;
        birth_year: u32 = means("Année de naissance", "Year of birth.").of("year");
        age_band: Word = AGE_BAND;
        education: Option<Word> = means("Niveau d'études", "ISCED 2011 level, 0 to 8.");
        disability: Option<bool> = DISABILITY;
        displaced: Option<bool> = DISPLACED;
        intake: Word = means(
            "Mode d'entrée",
            "How the person came: open_call, facilitator or training_body.",
        );
        sector: Option<Word> = means(
            "Secteur",
            "Sector of the business, or of the idea before it starts.",
        );
        stage: Word = means(
            "Étape",
            "idea, recruitment, training, financing, follow_up or completed.",
        );
        status: Word = means("Statut", "active, suspended, closed (by a decision), exited or completed.");
        awaiting: Option<Word> = means(
            "En attente de",
            "The decision that the path waits for: eligibility, interview, selection, plan, financing, agreement; empty when none.",
        );
        cohort: Option<Uuid> = COHORT;
        fund: Option<Uuid> = FUND;
        registered_on: NaiveDate = REGISTERED_ON;
        started_on: Option<NaiveDate> = STARTED_ON;
        closed_on: Option<NaiveDate> = means("Cessé le", "Day on which the business closed.");
        last_on: NaiveDate = LAST_ON;
        path_closed_on: Option<NaiveDate> = means(
            "Parcours clos le",
            "Day on which the path closed: left, completed, not selected or not eligible; empty while it goes on.",
        );
        closed_because: Option<Word> = means(
            "Clos pour",
            "The decision that closed the path: not_selected or not_eligible; empty otherwise.",
        );
        duplicate: bool = means(
            "Doublon",
            "Whether the path is frozen, the person continuing under another.",
        );
        erased: bool = means("Effacé", "Whether the personal data were erased.");
        version: Version = VERSION;
        position: Position = POSITION;
        recorded_at: DateTime<Utc> = means("Enregistré à", "When the last event was recorded.");
    }
}
