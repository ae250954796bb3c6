//! What members of the staff did.

mod activity;

use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::WATCHERS;
use crate::http::contract::endpoint::{Endpoint, Tag};

const TAG: Tag = Tag("staff");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/v1/activity",
        Roles(WATCHERS),
        (TAG, "list-activity"),
        "What one member of the staff recorded and read, newest first.",
        activity::activity,
    )]
}
