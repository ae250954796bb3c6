//! Routes of a beneficiary's path.

mod access;
mod asked;
mod attach;
mod command;
mod commands;
mod document;
mod evidence;
mod find;
mod history;
pub(in crate::http) mod list;
mod papers;
pub(in crate::http) mod person;
mod search;
mod status;

use sira_domain::path::BENEFICIARY_COMMANDS;

use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::{DOCUMENT_READERS, PATH_READERS, PERSON_READERS, WATCHERS};
use crate::http::contract::endpoint::{Endpoint, Tag};

pub(super) use asked::{Awaited, word_of};
pub(super) use command::{begin, give};
pub(super) use find::{current, find_id, log_access};
pub(super) use list::{CASES, read_place, write_place};

const TAG: Tag = Tag("beneficiaries");
/// The collection.
pub(super) const PATH: &str = "/v1/beneficiaries";

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        Endpoint::get(
            PATH,
            Roles(PATH_READERS),
            (TAG, "list-beneficiaries"),
            "Paths within reach, by filters, in an order, a page at a time; or people by name or phone.",
            list::list,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}",
            Roles(PATH_READERS),
            (TAG, "get-beneficiary"),
            "Where a path stands, now or at a past moment.",
            status::status,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/history",
            Roles(PATH_READERS),
            (TAG, "get-beneficiary-history"),
            "Every event of a path, or the difference between two of its moments; the reading is recorded.",
            history::history,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/commands",
            Roles(PATH_READERS),
            (TAG, "list-beneficiary-commands"),
            "Each command of the caller's role on a path: allowed now, or the rule that forbids it.",
            commands::commands,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/documents/{sha256}",
            Roles(DOCUMENT_READERS),
            (TAG, "get-beneficiary-document"),
            "A document's bytes, for those who may open its name; the reading is recorded.",
            document::fetch,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/evidence",
            Roles(PATH_READERS),
            (TAG, "get-beneficiary-evidence"),
            "A path as it is stored, with the proof that it is whole and unchanged: for `sira verify --bundle`. The reading is recorded.",
            evidence::bundle,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/access",
            Roles(WATCHERS),
            (TAG, "list-beneficiary-readings"),
            "Who read a person's data, newest first; this reading is recorded too.",
            access::readings,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/person",
            Roles(PERSON_READERS),
            (TAG, "get-beneficiary-person"),
            "Everything held about a person, for that person: JSON, or a page to print by `Accept`; the reading is recorded.",
            person::person,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/papers",
            Roles(DOCUMENT_READERS),
            (TAG, "list-beneficiary-papers"),
            "The papers that a path gives: certificates, receipts, agreements.",
            papers::papers,
        ),
        Endpoint::get(
            "/v1/beneficiaries/{id}/papers/{sequence}",
            Roles(DOCUMENT_READERS),
            (TAG, "get-beneficiary-paper"),
            "A paper as a page to print, with the code by which it is checked; the reading is recorded.",
            papers::paper,
        ),
    ];
    all.extend(BENEFICIARY_COMMANDS.iter().map(|entry| match entry.word {
        "register" => command::registering(entry),
        "attach-document" => attach::attaching(entry),
        _ => command::commanding(entry),
    }));
    all
}
