//! The rules of a registration and of an idea.

use chrono::NaiveDate;

use super::facts::{Idea, Registration};
use crate::path::case::{Case, check_region_on};
use crate::path::proposal::Asked;
use crate::reference::RegionCode;
use crate::refusal::{Item, Refusal};
use crate::role::Role;
use crate::values::Within;

/// An adviser who registers takes charge, unless another adviser is named. An import takes charge of nobody; nor
/// does somebody whom the programme's directory does not have as an adviser of the office.
pub(in crate::path) fn register(asked: &Asked, registration: Registration) -> Registration {
    let context = asked.context;
    let is_taken_by_own = context.role == Role::Adviser
        && registration.adviser.is_none()
        && registration.origin.is_none()
        && context.programme.check_adviser(&context.actor, &registration.office, asked.on).is_ok();
    let own = is_taken_by_own.then(|| context.actor.clone());
    Registration { adviser: registration.adviser.or(own), ..registration }
}

/// A path is registered once, and within the term of its programme.
pub(in crate::path) fn not_registered(case: &Case) -> Result<(), Refusal> {
    if let Some(standing) = &case.state.registration {
        let name = standing.reference.to_string();
        return Err(Refusal::Differs { item: Item::Registration, name });
    }
    // Without a term the programme is not known, which the content's rule names.
    case.programme.check_term(case.on)
}

/// The programme is known, its office open, the region of the day, and the person born by then.
pub(in crate::path) fn check_registration(
    case: &Case,
    registration: &Registration,
) -> Result<(), Refusal> {
    if case.programme.term().is_none() {
        let name = registration.programme.to_string();
        return Err(Refusal::Unknown { item: Item::Programme, name, field: "programme" });
    }
    case.programme.check_office(&registration.office, case.on)?;
    check_person(case.on, Some(registration.region), Some(registration.birth_year))
}

/// The region is one of the day of registration, and the person born by then.
pub(super) fn check_person(
    on: NaiveDate,
    region: Option<RegionCode>,
    birth_year: Option<Within<1900, 2100>>,
) -> Result<(), Refusal> {
    if let Some(region) = region {
        check_region_on(region, on)?;
    }
    let born = birth_year
        .map(|year| NaiveDate::from_ymd_opt(year.signed(), 1, 1).unwrap_or(NaiveDate::MAX));
    match born.filter(|born| *born > on) {
        Some(given) => Err(Refusal::InFuture { field: "birth_year", given, today: on }),
        None => Ok(()),
    }
}

/// An idea is of a sector that the programme knows.
pub(in crate::path) fn check_idea(case: &Case, idea: &Idea) -> Result<(), Refusal> {
    case.check_sector(&idea.sector)
}
