//! What a list of paths may be asked for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::path::{Stage, Status};
use sira_domain::reference::SectorCode;
use sira_domain::values::{ActorId, CohortId};
use sira_projections::lists::Filters;

use super::search::SearchTerms;
use crate::http::contract::paging::path_query;

/// A decision that a path waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// Whether the person is eligible.
    Eligibility,
    /// The interview.
    Interview,
    /// The selection.
    Selection,
    /// What the committee says of the plan.
    Plan,
    /// Whether the money is given.
    Financing,
    /// The agreement's signature.
    Agreement,
}

/// The order of the list; a hyphen puts the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Sort {
    /// Day of registration.
    #[serde(rename = "registered_on")]
    RegisteredOn,
    /// Day of registration, the latest first.
    #[serde(rename = "-registered_on")]
    RegisteredOnLatest,
    /// Latest day of any fact.
    #[serde(rename = "last_on")]
    LastOn,
    /// Latest day of any fact, the latest first.
    #[serde(rename = "-last_on")]
    LastOnLatest,
}

path_query! {
    /// Which paths.
    Asked {
        /// The stage.
        stage: Option<Stage>,
        /// The status.
        status: Option<Status>,
        /// The training group last joined.
        cohort: Option<CohortId>,
        /// Sector of the business, or of the idea before it starts.
        sector: Option<SectorCode>,
        /// The decision waited for.
        awaiting: Option<Awaited>,
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Words of the name, each whole or its first three letters or more, in any spelling and order; or a
        /// phone. For those who may open an identity; everybody found is recorded. The latest recorded come
        /// first, and `sort` is not taken beside it.
        q: Option<SearchTerms>,
        /// The order; `-registered_on` when left out.
        sort: Option<Sort>,
        /// `true` opens the names of the page for those allowed; each reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

impl Asked {
    /// What the paths must have.
    #[must_use]
    pub fn filters(&self) -> Filters {
        Filters {
            stage: self.stage.and_then(word_of),
            status: self.status.and_then(word_of),
            cohort: self.cohort.map(|cohort| cohort.0),
            sector: self.sector.as_ref().map(ToString::to_string),
            awaiting: self.awaiting.and_then(word_of),
            adviser: self.adviser.as_ref().map(ToString::to_string),
            ..self.shared_filters()
        }
    }
}

/// The word of a value, as it is written everywhere.
pub fn word_of(value: impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}
