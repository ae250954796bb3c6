//! Where a path stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::Language;
use crate::refusal::labels;

/// The stage of a path.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Registered; no idea submitted yet.
    #[default]
    Idea,
    /// From the idea to the decision of selection.
    Recruitment,
    /// Selected; in training.
    Training,
    /// Trained; plan and money.
    Financing,
    /// The business has started.
    FollowUp,
    /// The path has ended well.
    Completed,
}

/// The status of a path.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The path goes on.
    #[default]
    Active,
    /// The path is paused.
    Suspended,
    /// A decision has closed the path: not selected, or not eligible. It may be reopened, and a later
    /// decision opens it too.
    Closed,
    /// The person has left; may be reopened.
    Exited,
    /// The path has been completed.
    Completed,
}

/// The decision that has closed a path which nobody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBecause {
    /// The person was not selected.
    NotSelected,
    /// The person does not meet the rules of eligibility.
    NotEligible,
}

labels!(Stage {
    Idea => "idée de projet", "idea";
    Recruitment => "recrutement", "recruitment";
    Training => "formation", "training";
    Financing => "financement", "financing";
    FollowUp => "suivi", "follow-up";
    Completed => "achevé", "completed";
});

labels!(Status {
    Active => "actif", "active";
    Suspended => "suspendu", "suspended";
    Closed => "clos", "closed";
    Exited => "sorti", "exited";
    Completed => "achevé", "completed";
});
