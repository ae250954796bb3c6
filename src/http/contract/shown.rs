//! Where a path stands, as the document describes it. The bytes themselves are made by
//! [`crate::present::show_path`].

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::path::State;
use sira_domain::values::Reference;
use sira_numbers::{Position, Version};
use uuid::Uuid;

/// Where a path stands: its id and version, then its state without what is sealed.
#[derive(Serialize, JsonSchema)]
pub struct BeneficiaryStatus {
    /// Its id.
    id: Uuid,
    /// Its reference for paper and phone; none when the registration was retracted.
    reference: Option<Reference>,
    /// Sequence of its last event.
    version: Version,
    /// Position of its last event.
    position: Position,
    /// When that was recorded.
    recorded_at: DateTime<Utc>,
    /// Its state. The identity is there where it was asked for, and nothing in its place once the person was
    /// erased.
    #[serde(flatten)]
    state: State,
}
