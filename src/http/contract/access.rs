//! Who may use which route: one table that the router, the OpenAPI document and the tests read.
//! Commands have their own table, [`sira_domain::catalogue`].

use sira_domain::catalogue::CommandEntry;
use sira_domain::cohort::COHORT_COMMANDS;
use sira_domain::fund::FUND_COMMANDS;
use sira_domain::path::BENEFICIARY_COMMANDS;
use sira_domain::programme::PROGRAMME_COMMANDS;
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

/// One kind of stream: where its streams are, and their commands.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// The path under which they are.
    pub path: &'static str,
    /// Their commands.
    pub commands: &'static [CommandEntry],
    /// The command that begins one: it is posted to the collection itself.
    pub first: &'static str,
}

/// Every kind of stream.
pub const COLLECTIONS: &[Collection] = &[
    Collection { path: "/v1/beneficiaries", commands: BENEFICIARY_COMMANDS, first: "register" },
    Collection { path: "/v1/programmes", commands: PROGRAMME_COMMANDS, first: "sign-convention" },
    Collection { path: "/v1/cohorts", commands: COHORT_COMMANDS, first: "plan-cohort" },
    Collection { path: "/v1/funds", commands: FUND_COMMANDS, first: "open-fund" },
];

/// Those who see a path: its people, never analysts or donors.
pub const PATH_READERS: &[Role] =
    &[Adviser, Trainer, Committee, Finance, Director, Auditor, Role::Admin];

/// Those who see a path's documents.
pub const DOCUMENT_READERS: &[Role] = &[Adviser, Finance, Director];

/// Those who see a cohort with its members.
pub const COHORT_READERS: &[Role] = PATH_READERS;

/// Those who see a fund's sums; a donor those of its own.
pub const FUND_READERS: &[Role] =
    &[Adviser, Committee, Finance, Director, Auditor, Role::Analyst, Role::Donor, Role::Admin];

/// Those who read every event of a programme, a cohort or a fund.
pub const HISTORY_READERS: &[Role] = &[Finance, Director, Auditor, Role::Admin];

/// Those who see and revoke tokens.
pub const TOKEN_KEEPERS: &[Role] = &[Role::Admin];

/// Those who settle whether two paths are one person's.
pub const DUPLICATE_READERS: &[Role] = &[Adviser, Director, Role::Admin];

/// Those who follow the whole journal; see `http::feed` for why their scope must be everything.
pub const FEED_READERS: &[Role] = &[Auditor, Role::Admin];

/// Those who read the entries of every event of the journal: which stream, which type, when.
pub const ENTRY_READERS: &[Role] = &[Auditor, Role::Admin, Director];

/// Those whose witness may hand in its signatures; whose key signed is checked besides.
pub const WITNESSES: &[Role] = &[Director, Role::Donor, Role::Admin];
/// Those who hand a person everything that is held about them.
pub const PERSON_READERS: &[Role] = &[Director];

/// Those who see whose data are past retention.
pub const RETENTION_READERS: &[Role] = &[Director, Role::Admin];

/// Those who order the erasure of data past retention.
pub const ERASERS: &[Role] = &[Role::Admin];

/// Those who see what a member of the staff did, and who read a person's data.
pub const WATCHERS: &[Role] = &[Director, Auditor, Role::Admin];

/// Those who freeze reports.
pub const REPORT_KEEPERS: &[Role] = &[Director, Role::Analyst, Role::Admin];

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
        "get",
        "/v1/beneficiaries",
        Access::Roles(PATH_READERS),
        "Paths within reach, by filters, in an order, a page at a time; or people by name or phone.",
    ),
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
    route(
        "get",
        "/v1/beneficiaries/{id}/documents/{sha256}",
        Access::Roles(DOCUMENT_READERS),
        "A document's bytes, for those who may open its name; the reading is recorded.",
    ),
    route(
        "get",
        "/v1/beneficiaries/{id}/evidence",
        Access::Roles(PATH_READERS),
        "A path as it is stored, with the proof that it is whole and unchanged: for `sira verify --bundle`. The reading is recorded.",
    ),
    route(
        "get",
        "/v1/beneficiaries/{id}/access",
        Access::Roles(WATCHERS),
        "Who read a person's data, newest first; this reading is recorded too.",
    ),
    route(
        "get",
        "/v1/beneficiaries/{id}/person",
        Access::Roles(PERSON_READERS),
        "Everything held about a person, for that person: JSON, or a page to print by `Accept`; the reading is recorded.",
    ),
    route(
        "get",
        "/v1/activity",
        Access::Roles(WATCHERS),
        "What one member of the staff recorded and read, newest first.",
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
        "/v1/programmes/{id}/history",
        Access::Roles(HISTORY_READERS),
        "Every event of a programme.",
    ),
    route("post", "/v1/cohorts", Access::Command, "Plans a training group."),
    route(
        "post",
        "/v1/cohorts/{id}/commands/{command}",
        Access::Command,
        "Carries out a command on a cohort.",
    ),
    route(
        "get",
        "/v1/cohorts/{id}",
        Access::Roles(COHORT_READERS),
        "A cohort: plan, sessions, members, free seats.",
    ),
    route(
        "get",
        "/v1/cohorts/{id}/history",
        Access::Roles(HISTORY_READERS),
        "Every event of a cohort.",
    ),
    route("post", "/v1/funds", Access::Command, "Opens a donor's fund."),
    route(
        "post",
        "/v1/funds/{id}/commands/{command}",
        Access::Command,
        "Carries out a command on a fund.",
    ),
    route(
        "get",
        "/v1/funds/{id}",
        Access::Roles(FUND_READERS),
        "A fund: budget, committed, disbursed, free.",
    ),
    route(
        "get",
        "/v1/funds/{id}/history",
        Access::Roles(HISTORY_READERS),
        "Every event of a fund.",
    ),
    route(
        "get",
        "/v1/worklists/duplicates",
        Access::Roles(DUPLICATE_READERS),
        "Pairs of paths that may be one person's, the most alike first.",
    ),
    route(
        "get",
        "/v1/analytics/funnel",
        Access::AnyRole,
        "How far the people registered in a period have come.",
    ),
    route(
        "get",
        "/v1/analytics/indicators",
        Access::AnyRole,
        "Every indicator with its definition, or those named.",
    ),
    route("get", "/v1/analytics/durations", Access::AnyRole, "Days from one stage to another."),
    route(
        "get",
        "/v1/analytics/training",
        Access::AnyRole,
        "Training: people, attendance, modules.",
    ),
    route(
        "get",
        "/v1/analytics/finance",
        Access::AnyRole,
        "Money: requested, committed, disbursed, repaid, at risk.",
    ),
    route("get", "/v1/analytics/survival", Access::AnyRole, "How many businesses still trade."),
    route(
        "get",
        "/v1/analytics/timeseries",
        Access::AnyRole,
        "Indicators by month, quarter or year.",
    ),
    route(
        "get",
        "/v1/analytics/targets",
        Access::AnyRole,
        "The targets of the conventions, and what was reached.",
    ),
    route(
        "get",
        "/v1/analytics/indicators/{name}/why",
        Access::AnyRole,
        "The events behind a cell: by id for those who may see paths, a count for the others.",
    ),
    route("get", "/v1/analytics/reports", Access::AnyRole, "Every frozen report, newest first."),
    route(
        "post",
        "/v1/analytics/reports",
        Access::Roles(REPORT_KEEPERS),
        "Freezes a question under a name: its figures stay the same for ever.",
    ),
    route(
        "get",
        "/v1/analytics/reports/{name}",
        Access::AnyRole,
        "A frozen report, what changed since, and by which events.",
    ),
    route(
        "get",
        "/v1/worklists/due-visits",
        Access::Roles(PATH_READERS),
        "Follow-up visits to be made, the first due first.",
    ),
    route(
        "get",
        "/v1/worklists/stalled",
        Access::Roles(PATH_READERS),
        "Active paths without a fact for some time, the longest first.",
    ),
    route(
        "get",
        "/v1/worklists/awaiting-decision",
        Access::Roles(PATH_READERS),
        "Paths that wait for a decision, the longest without a fact first.",
    ),
    route(
        "get",
        "/v1/worklists/overdue-repayments",
        Access::Roles(PATH_READERS),
        "Loans with an instalment past its day, the longest overdue first.",
    ),
    route(
        "get",
        "/v1/events",
        Access::Roles(FEED_READERS),
        "Every event in the order of the journal, as CloudEvents with sealed parts sealed: a page, or server-sent events with `Accept: text/event-stream`.",
    ),
    route(
        "get",
        "/v1/evidence/checkpoint",
        Access::AnyRole,
        "The published checkpoint: size and root of the tree of all events, signed (C2SP tlog-checkpoint).",
    ),
    route(
        "get",
        "/v1/evidence/key",
        Access::AnyRole,
        "The verifier keys that checkpoints are checked with, and the witnesses.",
    ),
    route("get", "/v1/evidence/inclusion", Access::AnyRole, "Proves that an event is in the tree."),
    route(
        "get",
        "/v1/evidence/consistency",
        Access::AnyRole,
        "Proves that a tree extends an older one.",
    ),
    route(
        "get",
        "/v1/evidence/tile/{*tile}",
        Access::AnyRole,
        "A tile of the tree (C2SP tlog-tiles); entries, for auditors, directors and administrators who reach everything.",
    ),
    route(
        "post",
        "/v1/evidence/cosignatures",
        Access::Roles(WITNESSES),
        "Takes what a known witness has signed of a checkpoint (C2SP tlog-cosignature).",
    ),
    route(
        "get",
        "/v1/worklists/past-retention",
        Access::Roles(RETENTION_READERS),
        "Closed paths whose personal data are past the programme's retention period, the first closed first.",
    ),
    route(
        "post",
        "/v1/retention/erasures",
        Access::Roles(ERASERS),
        "Erases the personal data of those named who are still past retention; says of each what became of it.",
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
