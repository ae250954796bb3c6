//! Worklists: what waits for somebody. `today` is the clock's at the moment of asking, in Mali's time,
//! which is UTC.

mod candidates;
mod commitments;
mod duplicates;
mod forms;
mod paths;
mod referrals;
mod repayments;
mod transfers;
mod visits;

use chrono::{Days, NaiveDate};
use sira_numbers::Position;
use sira_projections::lists::OFFICES;
use sira_projections::{Reach, case_identity};
use uuid::Uuid;

use super::beneficiaries::CASES;
use crate::clock::read_day;
use crate::http::App;
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::{DUPLICATE_READERS, PATH_READERS};
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::Listing;
use crate::http::contract::reading;

/// The group of worklists.
pub(super) const TAG: Tag = Tag("worklists");
/// Days at most: a century is longer than any programme.
const DAYS_MAX: u32 = 36_500;

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/worklists/duplicates",
            Roles(DUPLICATE_READERS),
            (TAG, "list-duplicates"),
            "Pairs of paths that may be one person's, the most alike first.",
            duplicates::duplicates,
        ),
        Endpoint::get(
            "/v1/worklists/commitments",
            Roles(PATH_READERS),
            (TAG, "list-commitments"),
            "Commitments of the parties of conventions that are not kept, the longest overdue first.",
            commitments::commitments,
        ),
        Endpoint::get(
            "/v1/worklists/candidates",
            Roles(PATH_READERS),
            (TAG, "list-candidates"),
            "Candidates in the order of their rank: those of a session, or those who wait for a decision.",
            candidates::candidates,
        )
        .meeting(&[404]),
        Endpoint::get(
            "/v1/worklists/due-visits",
            Roles(PATH_READERS),
            (TAG, "list-due-visits"),
            "Follow-up visits to be made, the first due first.",
            visits::due_visits,
        ),
        Endpoint::get(
            "/v1/worklists/stalled",
            Roles(PATH_READERS),
            (TAG, "list-stalled"),
            "Active paths without a fact for some time, the longest first.",
            paths::stalled,
        ),
        Endpoint::get(
            "/v1/worklists/awaiting-decision",
            Roles(PATH_READERS),
            (TAG, "list-awaiting-decision"),
            "Paths that wait for a decision, the longest without a fact first.",
            paths::awaiting_decision,
        ),
        Endpoint::get(
            "/v1/worklists/overdue-repayments",
            Roles(PATH_READERS),
            (TAG, "list-overdue-repayments"),
            "Loans with an instalment past its day, the longest overdue first.",
            repayments::overdue,
        ),
        Endpoint::get(
            "/v1/worklists/referrals",
            Roles(PATH_READERS),
            (TAG, "list-open-referrals"),
            "Referrals to partners whose outcome is not known, the longest waiting first.",
            referrals::referrals,
        ),
        Endpoint::get(
            "/v1/worklists/transfers",
            Roles(PATH_READERS),
            (TAG, "list-pending-transfers"),
            "Transfers that wait to be accepted, the longest waiting first; for either office.",
            transfers::transfers,
        ),
    ]
}

/// Waits for the position that is asked for; the position that is read at. Every list looks at where its
/// paths stand, a region's at where its offices stand, and one with names at who people are.
async fn arrive(
    listing: &Listing<'_>,
    min: MinPosition,
    reach: &Reach,
    own: &[&str],
) -> Result<Position, ApiError> {
    let mut projections = vec![CASES];
    projections.extend(own);
    projections.extend(matches!(reach, Reach::Regions(_)).then_some(OFFICES));
    projections.extend(listing.names_people.then_some(case_identity::NAME));
    reading::arrive(listing.app, min, &projections).await
}

fn today(app: &App) -> NaiveDate {
    app.commands.clock().now().date_naive()
}

fn days_ago(app: &App, days: u32) -> NaiveDate {
    let today = today(app);
    today.checked_sub_days(Days::new(days.into())).unwrap_or(today)
}

/// A day, a path's id and a number.
fn read_numbered(text: &str) -> Option<(NaiveDate, String, i64)> {
    let mut parts = text.split(' ');
    let on = read_day(parts.next()?)?;
    let id = Uuid::try_parse(parts.next()?).ok()?.to_string();
    let number = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((on, id, number))
}
