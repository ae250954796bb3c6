//! Payments, across paths and funds.

mod list;
mod statements;

use sira_domain::role::Role;

use crate::http::contract::access::Access::Roles;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::reconcile::STATEMENT_MAX_BYTES;

/// Those who find a payment by its reference: who pays, and who looks at what was paid.
const PAYMENT_READERS: &[Role] = &[Role::Finance, Role::Auditor];

/// Those who compare statements: who may confirm what was compared.
const RECONCILERS: &[Role] = &[Role::Finance];

/// The group of payments.
const TAG: Tag = Tag("payments");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/payments",
            Roles(PAYMENT_READERS),
            (TAG, "list-payments"),
            "Payments out and in within reach, the latest first; by reference, however it is typed.",
            list::payments,
        ),
        Endpoint::post(
            "/v1/funds/{id}/statements",
            Roles(RECONCILERS),
            (TAG, "compare-statement"),
            "Compares a statement with the payments of a fund; nothing of it is kept.",
            statements::compare,
        )
        .up_to(STATEMENT_MAX_BYTES),
    ]
}
