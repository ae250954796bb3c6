//! The open call: people without an account apply, and advisers of their region read, accept and refuse.

mod applications;
mod apply;

use sira_domain::role::Role;

use crate::http::contract::access::APPLICATION_READERS;
use crate::http::contract::access::Access::{Open, Roles};
use crate::http::contract::endpoint::{Endpoint, Tag};

/// The group of the routes.
const TAG: Tag = Tag("open call");
/// Where applications are.
const APPLICATIONS: &str = "/v1/applications";
/// Largest application: a thousand characters of any script, and what stands around them.
const APPLICATION_MAX_BYTES: usize = 8 * 1024;

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/v1/open-call/{programme}",
            Open,
            (TAG, "apply"),
            "Applies to a programme that has opened a call, without an account: few from one address, and so many a day.",
            apply::apply,
        )
        .meeting(&[404, 409, 503])
        .up_to(APPLICATION_MAX_BYTES),
        Endpoint::get(
            "/v1/worklists/applications",
            Roles(APPLICATION_READERS),
            (super::worklists::TAG, "list-applications"),
            "Applications that wait for an adviser of their region, the oldest first; those that were refused, where these are asked for.",
            applications::list,
        ),
        Endpoint::get(
            "/v1/applications/{id}",
            Roles(APPLICATION_READERS),
            (TAG, "get-application"),
            "An application in clear: the reading is recorded.",
            applications::show,
        ),
        Endpoint::post(
            "/v1/applications/{id}/accept",
            Roles(&[Role::Adviser]),
            (TAG, "accept-application"),
            "Accepts an application: it becomes a registered path, and is destroyed.",
            applications::accept,
        ),
        Endpoint::post(
            "/v1/applications/{id}/refuse",
            Roles(APPLICATION_READERS),
            (TAG, "refuse-application"),
            "Refuses an application: it is destroyed after the call's days, and may be accepted until then.",
            applications::refuse,
        )
        .meeting(&[409, 503]),
    ]
}
