//! How a programme ranks those who were interviewed, and the shares that its selections keep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path::facts::Sex;
use crate::reference::RegionCode;
use crate::values::{Score, Within};

/// Most rules that tell a tie apart, and most quotas: each is one line of a convention.
pub(super) const SELECTION_RULES_MAX: usize = 20;

/// A rule that puts one of two people of one score before the other.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TieBreaker {
    /// Women before men.
    WomenFirst,
    /// The later year of birth first.
    YoungerFirst,
    /// Displaced people first.
    DisplacedFirst,
    /// The earlier day of registration first.
    EarlierRegistration,
}

/// A share that a selection keeps, of those whom it speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SelectionQuota {
    /// Of this sex; of both when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// At most this old on the day of the selection, by the year of birth; of any age when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max: Option<Within<0, 120>>,
    /// Who live in this region; anywhere when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    /// At least this share of all who are selected, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_percent: Option<Score>,
    /// At most so many are selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seats: Option<Within<0, 100_000>>,
}
