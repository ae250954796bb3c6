//! Retention: who is past it, and an administrator's order to erase.

mod erase;
mod past;

use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::{ERASERS, RETENTION_READERS};
use crate::http::contract::endpoint::{Endpoint, Tag};

/// The order.
const ERASURES: &str = "/v1/retention/erasures";

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/worklists/past-retention",
            Roles(RETENTION_READERS),
            (super::worklists::TAG, "list-past-retention"),
            "Closed paths whose personal data are past the programme's retention period, the first closed first.",
            past::past_retention,
        ),
        Endpoint::post(
            ERASURES,
            Roles(ERASERS),
            (Tag("retention"), "erase-past-retention"),
            "Erases the personal data of those named who are still past retention; says of each what became of it.",
            erase::erasures,
        )
        .meeting(&[409, 503]),
    ]
}
