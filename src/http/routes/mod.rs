//! Every route, by what it is about. Each folder tells its own in `endpoints`, and answers them.

mod analytics;
mod batch;
pub(super) mod beneficiaries;
pub(super) mod events;
mod evidence;
mod open_call;
mod payments;
mod reference;
mod reports;
mod retention;
mod staff;
mod streams;
mod system;
mod tokens;
mod worklists;

use super::contract::endpoint::Endpoint;

/// The one table of routes: the router, the guard and the OpenAPI document are made of it.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = system::endpoints();
    all.extend(beneficiaries::endpoints());
    all.extend(streams::endpoints());
    all.extend(batch::endpoints());
    all.extend(worklists::endpoints());
    all.extend(payments::endpoints());
    all.extend(analytics::endpoints());
    all.extend(reports::endpoints());
    all.extend(events::endpoints());
    all.extend(evidence::endpoints());
    all.extend(staff::endpoints());
    all.extend(retention::endpoints());
    all.extend(open_call::endpoints());
    all.extend(reference::endpoints());
    all.extend(tokens::endpoints());
    all
}

pub(super) use system::{docs, method_not_allowed, not_found};
