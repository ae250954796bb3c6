//! Offices and who works there: accounts, not people. Nobody holds two roles, so that duties are apart.

use sira_domain::reference::RegionCode;
use sira_domain::values::{ActorId, OfficeCode, ValueError};

use crate::calendar::{Day, day_of};
use crate::error::GenerateError;
use crate::model::PLACES;

/// Advisers of an office.
const ADVISERS: u32 = 3;

/// An office, as long as it is open.
pub(crate) struct Office {
    pub code: OfficeCode,
    pub region: RegionCode,
    /// How hard it is there: 0 south, 1 centre, 2 north.
    pub hardship: u32,
    pub opens: Day,
    pub advisers: Vec<ActorId>,
    pub trainer: ActorId,
    pub committee: ActorId,
    pub finance: ActorId,
    /// Who checks payments and undoes those that bounced.
    pub accountant: ActorId,
    pub director: ActorId,
    /// The tablet of the office's field days.
    pub device: String,
    /// Selected people who wait for a training group: since when, and who.
    pub pool: Vec<(Day, u32)>,
    /// Eligible people who wait for the office's public lottery.
    pub lottery: Vec<u32>,
    /// Training groups planned so far.
    pub cohorts: u32,
}

/// All offices, in the order of the regions.
pub(crate) fn all_offices(new_regions_open: Day) -> Result<Vec<Office>, GenerateError> {
    let mut offices = Vec::new();
    for place in &PLACES {
        let region: RegionCode = place.region.parse()?;
        let is_new = region.valid_from().is_some_and(|from| day_of(from) > 0);
        let opens = if is_new { new_regions_open } else { 0 };
        for number in 1..=place.offices {
            offices.push(office(region, place.hardship, number, opens)?);
        }
    }
    Ok(offices)
}

fn office(
    region: RegionCode,
    hardship: u32,
    number: u32,
    opens: Day,
) -> Result<Office, ValueError> {
    let code = format!("{region}-{number}");
    let account = |role: &str, place: &str| ActorId::try_new(&format!("{role}.{place}"));
    let advisers = (0..ADVISERS).map(|one| account("conseiller", &format!("{code}.{}", one + 1)));
    Ok(Office {
        code: OfficeCode::try_new(&code)?,
        region,
        hardship,
        opens,
        advisers: advisers.collect::<Result<_, _>>()?,
        trainer: account("formateur", &code)?,
        committee: account("comite", region.code())?,
        finance: account("finance", region.code())?,
        accountant: account("comptable", region.code())?,
        director: account("directeur", region.code())?,
        device: format!("tablette-{code}"),
        pool: Vec::new(),
        lottery: Vec::new(),
        cohorts: 0,
    })
}
