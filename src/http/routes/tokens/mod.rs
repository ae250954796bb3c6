//! Routes of the tokens, for administrators: which there are, and an end to one.

mod list;
mod revoke;

use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::TOKEN_KEEPERS;
use crate::http::contract::endpoint::{Endpoint, Tag};

const TAG: Tag = Tag("tokens");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/tokens",
            Roles(TOKEN_KEEPERS),
            (TAG, "list-tokens"),
            "Every token that was issued, newest first, a page at a time.",
            list::list,
        ),
        Endpoint::post(
            "/v1/tokens/{id}/revoke",
            Roles(TOKEN_KEEPERS),
            (TAG, "revoke-token"),
            "Revokes a token, for good; felt at once by every process.",
            revoke::revoke,
        ),
    ]
}
