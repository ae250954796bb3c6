//! What the rules of a path look at, and the checks that several stages share.

use chrono::NaiveDate;
use uuid::Uuid;

use super::state::State;
use crate::programme::{Programme, Rules};
use crate::reference::{RegionCode, SectorCode};
use crate::refusal::{Duty, Item, Refusal};
use crate::values::ActorId;

/// Everything that the rules look at: the state before the fact, its day, its author, and the programme.
pub(super) struct Case<'a> {
    /// The path before the fact.
    pub state: &'a State,
    /// The day of the fact.
    pub on: NaiveDate,
    /// The member of staff who records it.
    pub by: &'a ActorId,
    /// The programme as it stands.
    pub programme: &'a Programme,
    /// The rules that the fact is judged by.
    pub rules: &'a Rules,
    /// The id of the path.
    pub subject: Uuid,
}

impl Case<'_> {
    /// Separation of duties: nobody holds both in one path.
    pub fn other_than(&self, actor: &ActorId, duty: Duty, other: Duty) -> Result<(), Refusal> {
        if self.by == actor {
            return Err(Refusal::SameActor { actor: actor.clone(), duty, other });
        }
        Ok(())
    }

    /// The fact is not of a day before `earliest`.
    pub fn not_before(&self, earliest: NaiveDate) -> Result<(), Refusal> {
        if self.on >= earliest {
            return Ok(());
        }
        Err(Refusal::TooEarly { field: "occurred_on", given: self.on, earliest })
    }

    /// The region exists on the day of the fact.
    pub fn check_region(&self, region: RegionCode) -> Result<(), Refusal> {
        check_region_on(region, self.on)
    }

    /// The sector is in the shipped list or one of the programme's own.
    pub fn check_sector(&self, sector: &SectorCode) -> Result<(), Refusal> {
        if sector.is_reference() || self.rules.own_sectors.contains(sector) {
            return Ok(());
        }
        Err(Refusal::Unknown { item: Item::Sector, name: sector.to_string(), field: "sector" })
    }
}

/// The region exists on a day.
pub(super) fn check_region_on(region: RegionCode, on: NaiveDate) -> Result<(), Refusal> {
    if region.valid_on(on) {
        return Ok(());
    }
    Err(Refusal::RegionNotValid { region, on, then: region.on(on) })
}

/// Numbers go up; one that was retracted leaves its number unused.
pub(super) fn check_next_number(item: Item, last: u32, given: u32) -> Result<(), Refusal> {
    if given > last { Ok(()) } else { Err(Refusal::Differs { item, name: given.to_string() }) }
}

/// For a fact that needs nothing before it beyond its admission.
#[expect(clippy::unnecessary_wraps, reason = "it stands in a table of rules that may refuse")]
pub(super) fn nothing_before(_: &Case) -> Result<(), Refusal> {
    Ok(())
}

/// For a fact whose body no rule speaks of.
#[expect(clippy::unnecessary_wraps, reason = "it stands in a table of rules that may refuse")]
pub(super) fn any_content<T>(_: &Case, _: &T) -> Result<(), Refusal> {
    Ok(())
}
