//! Where a fact stands in a dimension.

use chrono::Datelike;

use super::facts::{Dims, FigureFact, day_of};
use super::words::{Dimension, flag_place};

/// The place of a fact in a dimension that its measure has.
#[must_use]
pub fn place_of(fact: &FigureFact, dimension: Dimension) -> u32 {
    match dimension {
        Dimension::Cohort => fact.dims.cohort,
        Dimension::Fund => fact.dims.fund.into(),
        Dimension::Trained => flag_place(fact.trained()).into(),
        Dimension::Tag => fact.tag().into(),
        Dimension::Year | Dimension::Quarter | Dimension::Month => place_on(fact.on, dimension),
        _ => place_among(&fact.dims, dimension).unwrap_or_default(),
    }
}

/// The place in a dimension of what people are, by which profiles are told apart; none in any other.
#[must_use]
pub const fn place_among(dims: &Dims, dimension: Dimension) -> Option<u32> {
    Some(match dimension {
        Dimension::Programme => dims.programme as u32,
        Dimension::Region => dims.region as u32,
        Dimension::Office => dims.office as u32,
        Dimension::Sex => dims.sex as u32,
        Dimension::AgeBand => dims.age_band as u32,
        Dimension::Disability => dims.disability as u32,
        Dimension::Displaced => dims.displaced as u32,
        Dimension::Sector => dims.sector as u32,
        Dimension::Education => dims.education as u32,
        Dimension::Cohort
        | Dimension::Fund
        | Dimension::Trained
        | Dimension::Tag
        | Dimension::Year
        | Dimension::Quarter
        | Dimension::Month => return None,
    })
}

/// The place of a day in an interval.
#[must_use]
pub fn place_on(day: i32, interval: Dimension) -> u32 {
    let day = day_of(day);
    let year = day.year().unsigned_abs();
    match interval {
        Dimension::Quarter => year * 4 + day.month0() / 3,
        Dimension::Month => year * 12 + day.month0(),
        _ => year,
    }
}
