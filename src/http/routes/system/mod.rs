//! Routes about the server itself: whether it lives, what it counts, its contract and its problems.

mod check;
pub mod docs;
mod health;
mod metrics;
mod problems;
mod root;

use crate::http::contract::access::Access::Open;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;

const TAG: Tag = Tag("system");

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", Open, (TAG, "get-root"), "Where everything is.", root::root),
        Endpoint::get(
            "/check/{code}",
            Open,
            (TAG, "check-paper"),
            "Whether a printed paper is genuine: its kind and its day, and nothing of anybody.",
            check::checked,
        ),
        Endpoint::get(
            "/healthz",
            Open,
            (TAG, "get-health"),
            "Says that the process runs.",
            health::alive,
        ),
        Endpoint::get(
            "/readyz",
            Open,
            (TAG, "get-readiness"),
            "Says whether the journal and the key store can be reached.",
            health::ready,
        ),
        Endpoint::get(
            "/metrics",
            Open,
            (TAG, "get-metrics"),
            "Metrics for Prometheus.",
            metrics::metrics,
        ),
        Endpoint::get(
            "/openapi.json",
            Open,
            (TAG, "get-openapi"),
            "This document.",
            docs::document,
        ),
        Endpoint::get(
            "/problems",
            Open,
            (TAG, "list-problems"),
            "Every kind of problem, explained.",
            problems::problems,
        ),
        Endpoint::get(
            "/problems/{slug}",
            Open,
            (TAG, "get-problem"),
            "One kind of problem, explained.",
            problems::problem,
        ),
    ]
}

/// What an address that leads nowhere is answered with.
pub async fn not_found() -> ApiError {
    ApiError::NotFound
}

/// What a method that an address has not is answered with.
pub async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}
