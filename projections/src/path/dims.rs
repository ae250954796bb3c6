//! What figures are broken down by, of one path at one moment.

use sira_domain::path::State;
use sira_domain::path::facts::Sex;
use sira_domain::values::FundId;

use super::memo::Memo;
use crate::table::Cell;

/// The bands of age, youngest first: up to 35 is young (African Youth Charter, 2006).
pub const AGE_BANDS: [&str; 5] = ["under_18", "18_24", "25_29", "30_35", "over_35"];

/// The band of an age in whole years.
#[must_use]
pub const fn age_band(age: i32) -> &'static str {
    match age {
        ..18 => AGE_BANDS[0],
        18..25 => AGE_BANDS[1],
        25..30 => AGE_BANDS[2],
        30..36 => AGE_BANDS[3],
        36.. => AGE_BANDS[4],
    }
}

/// The word of a sex.
#[must_use]
pub const fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}

/// The cells at the end of every row that figures are made of; none of a path without registration.
///
/// Office and region are those of the moment. The year of birth is the one known now, whenever the row
/// was told: a correction says that it was never another.
pub fn dims(state: &State, memo: &Memo, fund: Option<FundId>) -> Option<[Cell; 9]> {
    use chrono::Datelike as _;
    let registration = state.registration.as_ref()?;
    let birth_year = memo.birth_year.unwrap_or(registration.birth_year);
    let age = registration.on.year() - i32::try_from(birth_year).unwrap_or_default();
    Some([
        registration.programme.0.into(),
        state.office.as_ref().map_or(Cell::Null, |office| office.as_str().to_owned().into()),
        state.region.map_or(Cell::Null, |region| region.code().into()),
        sex_word(registration.sex).into(),
        age_band(age).into(),
        Cell::maybe(registration.disability),
        Cell::maybe(registration.displaced),
        Cell::maybe(memo.cohort.map(|cohort| cohort.0)),
        Cell::maybe(fund.map(|fund| fund.0)),
    ])
}
