//! What figures are broken down by: the columns at the end of every table that they are made of.

use uuid::Uuid;

use super::{COHORT, PROGRAMME};
use crate::table::define::{Word, columns, means};

columns! {
    /// What figures are broken down by, of one path at one moment.
    Breakdown as BREAKDOWN {
        programme: Uuid = PROGRAMME;
        office: Word = means("Antenne", "Office in charge when it was recorded.");
        region: Word = means("Région", "Region of residence when it was recorded; a key of the dated list.");
        sex: Word = super::SEX;
        age_band: Word = super::AGE_BAND;
        disability: Option<bool> = super::DISABILITY;
        displaced: Option<bool> = super::DISPLACED;
        cohort: Option<Uuid> = COHORT;
        fund: Option<Uuid> = super::FUND;
    }
}
