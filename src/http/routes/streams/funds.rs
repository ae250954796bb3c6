//! Funds.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sira_domain::fund::Fund;
use sira_domain::values::Xof;
use sira_numbers::Position;
use uuid::Uuid;

use super::{Place, Resource};
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::FUND_READERS;
use crate::http::contract::endpoint::Tag;

/// A fund as it is shown. Those who must see nobody are shown none of the sums that one payment moves:
/// they are told what was published of them, by `/v1/analytics/finance`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FundStatus")]
pub struct ShownFund {
    /// Its state.
    #[serde(flatten)]
    state: Fund,
    /// Its id.
    id: Uuid,
    /// Position of its last event.
    position: Position,
    /// Committed and not given up or paid back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Xof")]
    committed: Option<Xof>,
    /// Paid out and not paid back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Xof")]
    disbursed: Option<Xof>,
    /// Committed and not paid out yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Xof")]
    open_commitments: Option<Xof>,
    /// What can still be committed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "Xof")]
    free: Option<Xof>,
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
    const MOVES_WITH_ONE_PERSON: &'static [&'static str] = &[
        "committed_in_all",
        "released",
        "disbursed_in_all",
        "repaid",
        "interest",
        "refunded",
        "recovered",
        "credit",
        "disbursements_reversed",
        "repayments_reversed",
        "overheads",
        "lines",
        "committed",
        "disbursed",
        "open_commitments",
        "free",
    ];
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
