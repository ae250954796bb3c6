//! Where a role reaches: everything, some regions, some offices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::path::State;
use sira_domain::programme::Programme;
use sira_domain::reference::RegionCode;
use sira_domain::values::{FundId, OfficeCode};
use uuid::Uuid;

/// The scope of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every region and office.
    #[default]
    All,
    /// The offices that stand in these regions.
    Regions(Vec<RegionCode>),
    /// People in the charge of these offices.
    Offices(Vec<OfficeCode>),
    /// A donor's own funds, and no person.
    Funds(Vec<FundId>),
}

impl Scope {
    /// Whether an office is within: itself, or the region it stands in. A region that the programme
    /// does not know of (no office) is that of the person's residence.
    #[must_use]
    pub fn holds_office(
        &self,
        office: Option<&OfficeCode>,
        residence: Option<RegionCode>,
        programme: &Programme,
    ) -> bool {
        match self {
            Self::All => true,
            Self::Regions(regions) => {
                let office = office.and_then(|office| programme.offices.get(office));
                let region = office.map(|office| office.office.region).or(residence);
                region.is_some_and(|region| regions.contains(&region))
            }
            Self::Offices(offices) => office.is_some_and(|office| offices.contains(office)),
            Self::Funds(_) => false,
        }
    }

    /// Whether a path is within, where it stands now: by the office in charge, so that a transfer moves
    /// it from one office's reach to the other's.
    #[must_use]
    pub fn holds_path(&self, state: &State, programme: &Programme) -> bool {
        self.holds_office(state.office.as_ref(), state.region, programme)
    }

    /// Whether a fund is within. Funds serve every region.
    #[must_use]
    pub fn holds_fund(&self, fund: Uuid) -> bool {
        match self {
            Self::Funds(funds) => funds.iter().any(|known| known.0 == fund),
            _ => true,
        }
    }
}
