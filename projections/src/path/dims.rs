//! What figures are broken down by, of one path at one moment.

use sira_domain::path::State;
use sira_domain::path::facts::Sex;
use sira_domain::reference::SectorCode;
use sira_domain::values::FundId;

use super::memo::Memo;
use crate::table::tables::breakdown::Breakdown;

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

/// The sector of the business, or of the idea before it has started.
pub fn sector(state: &State) -> Option<&SectorCode> {
    let started = state.business.as_ref().map(|business| &business.sector);
    started.or(state.idea.as_ref().map(|idea| &idea.sector))
}

/// What figures are broken down by, of one path at one moment; none of a path without registration.
///
/// Office and region are those of the moment. The year of birth is the one known now, whenever the row
/// was told: a correction says that it was never another.
pub fn breakdown(state: &State, memo: &Memo, fund: Option<FundId>) -> Option<Breakdown> {
    use chrono::Datelike as _;
    let registration = state.registration.as_ref()?;
    let birth_year = memo.birth_year.unwrap_or(registration.birth_year);
    let age = registration.on.year() - birth_year.signed();
    Some(Breakdown {
        programme: registration.programme.0,
        office: state.office.as_ref()?.as_str().to_owned().into(),
        region: state.region?.code().into(),
        sex: sex_word(registration.sex).into(),
        age_band: age_band(age).into(),
        disability: registration.disability,
        displaced: registration.displaced,
        cohort: memo.cohort.map(|cohort| cohort.0),
        fund: fund.map(|fund| fund.0),
        sector: sector(state).map(|sector| sector.as_str().to_owned().into()),
        education: registration.education.map(|level| level.code().into()),
    })
}
