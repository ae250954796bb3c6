//! Figures: indicators and what is made of them, why somebody is counted, targets, frozen reports.
//!
//! A handler reads the question, lets [`Figures`](crate::figures::Figures) find its moment and compute
//! it, and shapes the answer. What a caller may see is said by its scope; analysts and donors are told
//! what was published.

mod answer;
mod asked;
mod figures;
mod reports;
mod row;
mod sheet;
mod why;

use crate::access_log::{AccessEntry, record_access};
use crate::figures::{Reader, Turn};
use crate::http::App;
use crate::http::contract::access::Access::{AnyRole, Roles};
use crate::http::contract::access::{PATH_READERS, REPORT_KEEPERS};
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;
use crate::journal::StreamId;

pub(super) use reports::check_audience;

const TAG: Tag = Tag("analytics");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = figures::endpoints();
    all.extend([
        Endpoint::get(
            "/v1/analytics/indicators/{name}/why",
            Roles(PATH_READERS),
            (TAG, "explain-indicator"),
            "The events behind a cell, for those who may see paths.",
            why::why,
        ),
        Endpoint::get(
            "/v1/analytics/reports",
            AnyRole,
            (TAG, "list-reports"),
            "The frozen reports that the caller may read, newest first.",
            reports::list,
        ),
        Endpoint::post(
            "/v1/analytics/reports",
            Roles(REPORT_KEEPERS),
            (TAG, "freeze-report"),
            "Freezes a question under a name: its figures stay the same for ever.",
            reports::freeze,
        )
        .meeting(&[409, 503]),
        Endpoint::post(
            "/v1/analytics/reports/{name}/withdraw",
            Roles(REPORT_KEEPERS),
            (TAG, "withdraw-report"),
            "Withdraws a report that nobody needs any more: it stays as it was frozen, and counts against no limit.",
            reports::withdraw,
        )
        .meeting(&[403, 503]),
        Endpoint::get(
            "/v1/analytics/reports/{name}",
            AnyRole,
            (TAG, "get-report"),
            "A frozen report, what changed since, and by which events.",
            reports::show,
        )
        .meeting(&[403]),
    ]);
    all
}

/// How the caller is told figures, and its turn, to be held until it is answered. What is told exactly to
/// who was granted that is recorded first.
pub(super) async fn reader(app: &App, caller: &Caller) -> Result<(Reader, Turn), ApiError> {
    let grant = &caller.grant;
    let turn = app.figures.turn(grant.token_id)?;
    if grant.exact_figures.is_some() {
        let entry = AccessEntry {
            at: app.commands.clock().now(),
            actor: &grant.actor,
            role: grant.role,
            action: "exact_figures",
            stream: StreamId { aggregate_type: "token".into(), aggregate_id: grant.token_id },
            request_id: &caller.envelope.request_id,
        };
        record_access(app.commands.journal(), &entry).await?;
    }
    Ok((app.figures.reader(grant).await?, turn))
}
