//! Where a role reaches: everything, some regions, some offices.

use serde::{Deserialize, Serialize};
use sira_domain::beneficiary::State;
use sira_domain::reference::RegionCode;
use sira_domain::values::OfficeCode;

/// The scope of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every region and office.
    #[default]
    All,
    /// People who live in these regions.
    Regions(Vec<RegionCode>),
    /// People in the charge of these offices.
    Offices(Vec<OfficeCode>),
}

impl Scope {
    /// Whether a person of this region, in the charge of this office, is within.
    #[must_use]
    pub fn holds(&self, region: Option<RegionCode>, office: Option<&OfficeCode>) -> bool {
        match self {
            Self::All => true,
            Self::Regions(regions) => region.is_some_and(|region| regions.contains(&region)),
            Self::Offices(offices) => office.is_some_and(|office| offices.contains(office)),
        }
    }

    /// Whether a path is within, where it stands now.
    #[must_use]
    pub fn holds_path(&self, state: &State) -> bool {
        self.holds(state.region, state.office.as_ref())
    }
}
