//! Who may use which route: one table that the router, the OpenAPI document and the tests read.
//! Commands have their own table, [`sira_domain::catalogue`].

use sira_domain::role::Role::{self, Adviser, Auditor, Committee, Director, Finance, Trainer};

/// Who may use a route.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Anyone, without a token.
    Open,
    /// Any valid token.
    AnyRole,
    /// These roles.
    Roles(&'static [Role]),
    /// The roles of the command that the route names.
    Command,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Method.
    pub method: &'static str,
    /// Path, with its parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What it does.
    pub about: &'static str,
}

/// Those who see a path: its people, never analysts or donors.
pub const PATH_READERS: &[Role] =
    &[Adviser, Trainer, Committee, Finance, Director, Auditor, Role::Admin];

/// Those who see and revoke tokens.
pub const TOKEN_KEEPERS: &[Role] = &[Role::Admin];

const fn route(
    method: &'static str,
    path: &'static str,
    access: Access,
    about: &'static str,
) -> Route {
    Route { method, path, access, about }
}

/// Every route.
pub const ROUTES: &[Route] = &[
    route("get", "/healthz", Access::Open, "Says that the process runs."),
    route(
        "get",
        "/readyz",
        Access::Open,
        "Says whether the journal and the key store can be reached.",
    ),
    route("get", "/metrics", Access::Open, "Metrics for Prometheus."),
    route("get", "/openapi.json", Access::Open, "This document."),
    route("get", "/problems", Access::Open, "Every kind of problem, explained."),
    route("get", "/problems/{slug}", Access::Open, "One kind of problem, explained."),
    route("post", "/v1/beneficiaries", Access::Command, "Registers a person."),
    route(
        "post",
        "/v1/beneficiaries/{id}/commands/{command}",
        Access::Command,
        "Carries out a command on a path.",
    ),
    route(
        "get",
        "/v1/beneficiaries/{id}",
        Access::Roles(PATH_READERS),
        "Where a path stands, now or at a past moment.",
    ),
    route(
        "get",
        "/v1/beneficiaries/{id}/history",
        Access::Roles(PATH_READERS),
        "Every event of a path.",
    ),
    route("post", "/v1/programmes", Access::Command, "Signs a convention: a programme begins."),
    route(
        "post",
        "/v1/programmes/{id}/commands/{command}",
        Access::Command,
        "Carries out a command on a programme.",
    ),
    route(
        "get",
        "/v1/programmes/{id}",
        Access::AnyRole,
        "A programme: convention, term, rules, targets, offices.",
    ),
    route(
        "get",
        "/v1/reference",
        Access::AnyRole,
        "Every reference list, labelled in French and English.",
    ),
    route(
        "get",
        "/v1/tokens",
        Access::Roles(TOKEN_KEEPERS),
        "Every token that was issued, newest first, a page at a time.",
    ),
    route(
        "post",
        "/v1/tokens/{id}/revoke",
        Access::Roles(TOKEN_KEEPERS),
        "Revokes a token, for good; felt at once by every process.",
    ),
];

/// Whether a role may open a sealed field. Those who work with the person may; an auditor reads
/// the reasons that were given, and no identity.
#[must_use]
pub fn may_open(role: Role, field: &str) -> bool {
    match role {
        Adviser | Director | Finance => true,
        Committee | Auditor => field != "identity" && field != "name",
        _ => false,
    }
}
