//! Figures: indicators and what is made of them, why somebody is counted, targets, frozen reports.
//!
//! A handler reads the question, lets [`Figures`](crate::figures::Figures) find its moment and compute
//! it, and shapes the answer. What a caller may see is said by its scope; analysts and donors see no
//! cell of few people.

mod answer;
mod asked;
mod figures;
mod reports;
mod row;
mod sheet;
mod why;

use sira_projections::analytics::AnalyticsQuery;

use crate::figures::Question;
use crate::http::App;
use crate::http::contract::access::Access::{AnyRole, Roles};
use crate::http::contract::access::REPORT_KEEPERS;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;

const TAG: Tag = Tag("analytics");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = figures::endpoints();
    all.extend([
        Endpoint::get(
            "/v1/analytics/indicators/{name}/why",
            AnyRole,
            (TAG, "explain-indicator"),
            "The events behind a cell: by id for those who may see paths, a count for the others.",
            why::why,
        ),
        Endpoint::get(
            "/v1/analytics/reports",
            AnyRole,
            (TAG, "list-reports"),
            "Every frozen report, newest first.",
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
        Endpoint::get(
            "/v1/analytics/reports/{name}",
            AnyRole,
            (TAG, "get-report"),
            "A frozen report, what changed since, and by which events.",
            reports::show,
        ),
    ]);
    all
}

/// The question, kept to what the caller may see.
async fn reached(
    app: &App,
    caller: &Caller,
    question: &Question,
) -> Result<AnalyticsQuery, ApiError> {
    let reach = app.figures.reach(&caller.grant.scope).await?;
    Ok(AnalyticsQuery { reach, ..question.query.clone() })
}
