//! What figures are broken down by: the columns at the end of every table that they are made of.

use uuid::Uuid;

use super::common::{
    AGE_BAND, COHORT, DISABILITY, DISPLACED, EDUCATION, FUND, PROGRAMME, SECTOR, SEX,
};
use crate::table::define::{Word, columns, means};

columns! {
    /// What figures are broken down by, of one path at one moment.
    Breakdown as BREAKDOWN {
        programme: Uuid = PROGRAMME;
        office: Word = means("Antenne", "Office in charge when it was recorded.");
        region: Word = means("Région", "Region of residence when it was recorded; a key of the dated list.");
        sex: Word = SEX;
        age_band: Word = AGE_BAND;
        disability: Option<bool> = DISABILITY;
        displaced: Option<bool> = DISPLACED;
        cohort: Option<Uuid> = COHORT;
        fund: Option<Uuid> = FUND;
        sector: Option<Word> = SECTOR;
        education: Option<Word> = EDUCATION;
    }
}
