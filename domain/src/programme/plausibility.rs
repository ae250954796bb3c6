//! What a programme holds plausible of the numbers that are told: above one bound they are taken with a
//! warning, above another they are refused. A number of which the rules say nothing is taken as it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::values::{Within, Xof};

/// Bounds of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmountBounds {
    /// Above it the amount is taken, and whoever records it is warned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_above: Option<Xof>,
    /// Above it the amount is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse_above: Option<Xof>,
}

/// Bounds of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CountBounds {
    /// Above it the number is taken, and whoever records it is warned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn_above: Option<Within<0, 2_000_000>>,
    /// Above it the number is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse_above: Option<Within<0, 2_000_000>>,
}

/// The bounds of what is told of a person and a business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plausibility {
    /// Monthly turnover at a visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_revenue: Option<AmountBounds>,
    /// Monthly profit at a visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_profit: Option<AmountBounds>,
    /// Income over thirty days of the period that it is told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly_income: Option<AmountBounds>,
    /// Cost of starting, as the idea tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_up_cost: Option<AmountBounds>,
    /// Jobs seen at a visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<CountBounds>,
    /// Jobs expected, as the idea tells them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs_expected: Option<CountBounds>,
    /// People reached by a community action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_reached: Option<CountBounds>,
    /// Minutes of one training session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_minutes: Option<CountBounds>,
}

impl Plausibility {
    /// Tells whether each bound that warns lies below the one that refuses.
    pub(super) fn is_in_order(&self) -> bool {
        let amounts =
            [self.visit_revenue, self.visit_profit, self.monthly_income, self.start_up_cost];
        let counts = [self.jobs, self.jobs_expected, self.people_reached, self.session_minutes];
        let rises = |warn: Option<u64>, refuse: Option<u64>| match (warn, refuse) {
            (Some(warn), Some(refuse)) => warn < refuse,
            _ => true,
        };
        amounts.iter().flatten().all(|bounds| {
            rises(bounds.warn_above.map(Xof::francs), bounds.refuse_above.map(Xof::francs))
        }) && counts.iter().flatten().all(|bounds| {
            let number = |bound: Option<Within<0, 2_000_000>>| bound.map(|one| one.get().into());
            rises(number(bounds.warn_above), number(bounds.refuse_above))
        })
    }
}
