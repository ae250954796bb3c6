//! The rules of a registration and of an idea.

use chrono::NaiveDate;

use super::facts::{Idea, Registration};
use crate::path::case::Case;
use crate::refusal::{Item, Refusal};

/// A path is registered once, and within the term of its programme.
pub(in crate::path) fn not_registered(case: &Case) -> Result<(), Refusal> {
    if let Some(standing) = &case.state.registration {
        let name = standing.reference.to_string();
        return Err(Refusal::Differs { item: Item::Registration, name });
    }
    match case.programme.term() {
        Some(term) if !term.holds(case.on) => Err(Refusal::OutsideTerm { term, given: case.on }),
        // Without a term the programme is not known, which the content's rule names.
        _ => Ok(()),
    }
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
    case.check_region(registration.region)?;
    let born = i32::try_from(registration.birth_year.get()).unwrap_or(i32::MAX);
    let given = NaiveDate::from_ymd_opt(born, 1, 1).unwrap_or(NaiveDate::MAX);
    if given > case.on {
        return Err(Refusal::InFuture { field: "birth_year", given, today: case.on });
    }
    Ok(())
}

/// An idea is of a sector that the programme knows.
pub(in crate::path) fn check_idea(case: &Case, idea: &Idea) -> Result<(), Refusal> {
    case.check_sector(&idea.sector)
}
