//! Where a fact stands in a dimension.

use chrono::Datelike;

use super::facts::{FigureFact, day_of};
use super::words::{Dimension, flag_place};

/// The place of a fact in a dimension that its measure has.
#[must_use]
pub fn place_of(fact: &FigureFact, dimension: Dimension) -> u32 {
    let dims = &fact.dims;
    let day = || day_of(fact.on);
    let year = || day().year().unsigned_abs();
    match dimension {
        Dimension::Programme => dims.programme.into(),
        Dimension::Region => dims.region.into(),
        Dimension::Office => dims.office.into(),
        Dimension::Sex => dims.sex.into(),
        Dimension::AgeBand => dims.age_band.into(),
        Dimension::Disability => dims.disability.into(),
        Dimension::Displaced => dims.displaced.into(),
        Dimension::Sector => dims.sector.into(),
        Dimension::Education => dims.education.into(),
        Dimension::Cohort => dims.cohort,
        Dimension::Fund => dims.fund.into(),
        Dimension::Trained => flag_place(fact.trained()).into(),
        Dimension::Tag => fact.tag().into(),
        Dimension::Year => year(),
        Dimension::Quarter => year() * 4 + day().month0() / 3,
        Dimension::Month => year() * 12 + day().month0(),
    }
}
