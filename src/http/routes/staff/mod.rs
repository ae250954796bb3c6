//! What members of the staff did.

mod activity;
mod list;
mod me;

use crate::http::contract::access::Access::{AnyRole, Roles};
use crate::http::contract::access::WATCHERS;
use crate::http::contract::endpoint::{Endpoint, Tag};

const TAG: Tag = Tag("staff");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/me",
            AnyRole,
            (TAG, "get-me"),
            "Who calls: actor, role, scope, expiry, and what the role may do.",
            me::me,
        ),
        Endpoint::get(
            "/v1/staff",
            Roles(WATCHERS),
            (TAG, "list-staff"),
            "Members of the staff who recorded anything within reach, with their roles and offices.",
            list::staff,
        ),
        Endpoint::get(
            "/v1/activity",
            Roles(WATCHERS),
            (TAG, "list-activity"),
            "What one member of the staff recorded and read, newest first.",
            activity::activity,
        ),
    ]
}
