//! Where a grant reaches: everything, some regions, some offices, some funds.

mod asked;
mod cover;
mod reach;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::jurisdiction::{Ground, Jurisdiction};
use sira_domain::path::State;
use sira_domain::programme::Programme;
use sira_domain::reference::RegionCode;
use sira_domain::values::{FundId, OfficeCode, ProgrammeId};
use uuid::Uuid;

pub use asked::{AskedScope, KnownPlaces, ScopeError};

/// The scope of a grant. There is none by default: whoever grants says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every region and office of every programme.
    All,
    /// The offices that stand in these regions, of every programme.
    Regions(Vec<RegionCode>),
    /// What is in the charge of these offices.
    Offices(Vec<ScopeOffice>),
    /// A donor's own funds, and no person.
    Funds(Vec<FundId>),
}

/// An office of a programme: another programme's office of the same code is another office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeOffice {
    /// The programme.
    pub programme: ProgrammeId,
    /// The office's code in it.
    pub office: OfficeCode,
}

impl Scope {
    /// Whether an office of the programme `id` is within: itself, or the region that it stands in. An
    /// office that the programme does not know stands in no region.
    #[must_use]
    pub fn holds_office(&self, id: Uuid, office: &OfficeCode, programme: &Programme) -> bool {
        self.holds(&Ground::Office {
            programme: id,
            office: office.clone(),
            region: programme.region_of(office),
        })
    }

    /// Whether some office of the programme `id` is within: whoever reaches none has nothing to do with its
    /// people and its staff.
    #[must_use]
    pub fn reaches_programme(&self, id: Uuid, programme: &Programme) -> bool {
        *self == Self::All
            || programme.offices.keys().any(|office| self.holds_office(id, office, programme))
    }

    /// Whether a path is seen: by whose charge it is in, and until a transfer is accepted or returned by those
    /// who handed it over too.
    #[must_use]
    pub fn holds_path(&self, state: &State, programme: &Programme) -> bool {
        let handed_over = state.registration.as_ref().zip(state.handover.as_ref());
        self.is_in_charge(state, programme)
            || handed_over.is_some_and(|(registration, handover)| {
                self.holds_office(registration.programme.0, &handover.from_office, programme)
            })
    }

    /// Whether a path is in the charge of whoever has this scope, where it stands now: by its office, so that
    /// a transfer moves it from one office's charge to the other's. One whose registration was retracted is in
    /// nobody's.
    #[must_use]
    pub fn is_in_charge(&self, state: &State, programme: &Programme) -> bool {
        match (&state.registration, &state.office) {
            (Some(registration), Some(office)) => {
                self.holds_office(registration.programme.0, office, programme)
            }
            _ => *self == Self::All,
        }
    }

    /// Whether the figures of a fund may be seen: a donor sees those of its own funds alone.
    #[must_use]
    pub fn holds_fund(&self, fund: Uuid) -> bool {
        match self {
            Self::Funds(funds) => funds.iter().any(|known| known.0 == fund),
            _ => true,
        }
    }

    /// Whether the whole of a ground is within. Nothing but everything holds everything.
    #[must_use]
    pub fn holds(&self, ground: &Ground) -> bool {
        match (self, ground) {
            (Self::All, _) => true,
            (Self::Regions(own), Ground::Regions(needed)) => {
                !needed.is_empty() && needed.iter().all(|region| own.contains(region))
            }
            (Self::Regions(own), Ground::Office { region, .. }) => {
                region.is_some_and(|region| own.contains(&region))
            }
            (Self::Offices(own), Ground::Office { programme, office, .. }) => {
                own.iter().any(|one| one.programme.0 == *programme && one.office == *office)
            }
            (Self::Regions(_) | Self::Offices(_) | Self::Funds(_), _) => false,
        }
    }

    /// Whether some ground of a kind may be within: what can be said of a command before its stream and
    /// its body are known.
    #[must_use]
    pub fn may_hold(&self, jurisdiction: Jurisdiction) -> bool {
        match self {
            Self::All => true,
            Self::Regions(own) => !own.is_empty() && jurisdiction != Jurisdiction::Everywhere,
            Self::Offices(own) => {
                let of_an_office = [Jurisdiction::OwnOffice, Jurisdiction::NamedOffice];
                !own.is_empty() && of_an_office.contains(&jurisdiction)
            }
            Self::Funds(_) => false,
        }
    }
}
