//! Whether one scope holds all of another: an administrator of a region sees and ends the tokens of that
//! region, and no others.

use sira_domain::jurisdiction::Ground;

use super::{KnownPlaces, Scope};

impl Scope {
    /// Whether the whole of another scope is within this one.
    #[must_use]
    pub fn covers(&self, other: &Self, known: &KnownPlaces) -> bool {
        match other {
            _ if *self == Self::All => true,
            Self::All | Self::Funds(_) => false,
            Self::Regions(regions) => self.holds(&Ground::of_regions(regions.iter().copied())),
            Self::Offices(offices) => {
                !offices.is_empty() && offices.iter().all(|one| self.holds(&known.ground(one)))
            }
        }
    }
}
