//! Funds.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::fund::Fund;
use sira_domain::values::Xof;
use uuid::Uuid;

use super::{Place, Resource};
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::FUND_READERS;
use crate::http::contract::endpoint::Tag;

/// A fund as it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FundStatus")]
pub struct ShownFund {
    /// Its state.
    #[serde(flatten)]
    state: Fund,
    /// Its id.
    id: Uuid,
    /// Position of its last event.
    position: u64,
    /// Committed and not given up or paid back.
    committed: Xof,
    /// Paid out and not paid back.
    disbursed: Xof,
    /// Committed and not paid out yet.
    open_commitments: Xof,
    /// What can still be committed.
    free: Xof,
}

impl Resource for Fund {
    const PLACE: Place = Place {
        tag: Tag("funds"),
        collection: "/v1/funds",
        item: ("/v1/funds/{id}", Roles(FUND_READERS)),
        history: "/v1/funds/{id}/history",
        commands: "/v1/funds/{id}/commands",
        ids: ["get-fund", "get-fund-history", "list-fund-commands"],
        summary: "A fund: budget, committed, disbursed, free.",
    };
    type Shown = ShownFund;

    fn derived(&self, shown: &mut Map<String, Value>) {
        for (name, amount) in [
            ("committed", self.committed()),
            ("disbursed", self.disbursed()),
            ("open_commitments", self.open_commitments()),
            ("free", self.free()),
        ] {
            shown.insert(name.into(), amount.francs().into());
        }
    }
}
