//! What members of the staff did.

mod activity;
mod directory;
mod list;
mod me;
mod reassign;

use crate::http::contract::access::Access::{AnyRole, Roles};
use crate::http::contract::access::{PATH_READERS, REASSIGNERS, WATCHERS};
use crate::http::contract::endpoint::{Endpoint, Tag};

const TAG: Tag = Tag("staff");
/// Where orders of reassignment go.
const REASSIGNMENTS: &str = "/v1/reassignments";

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
            "/v1/programmes/{id}/staff",
            Roles(PATH_READERS),
            (TAG, "get-staff-directory"),
            "The directory of a programme's staff: posts at offices within reach, with their first and last days.",
            directory::directory,
        ),
        Endpoint::post(
            REASSIGNMENTS,
            Roles(REASSIGNERS),
            (TAG, "reassign-paths"),
            "Gives the paths of one adviser to another, 200 at most; says of each what became of it.",
            reassign::reassignments,
        )
        .meeting(&[409, 503]),
        Endpoint::get(
            "/v1/activity",
            Roles(WATCHERS),
            (TAG, "list-activity"),
            "What one member of the staff recorded and read, newest first.",
            activity::activity,
        ),
    ]
}
