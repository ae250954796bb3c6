//! Follow-up visits to be made.

use axum::extract::State;
use chrono::Days;
use sira_domain::values::ActorId;
use sira_projections::lists::{self, DueVisit, Filters, VisitPage, VisitPlace, VisitQuestion};

use super::{arrive, forms, read_numbered, today};
use crate::http::App;
use crate::http::contract::answer::Page;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Named, Wanted};
use crate::http::contract::moment::Day;
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;

/// Visits due within this many days are listed when nothing is said: two weeks can be planned.
const VISITS_WITHIN_DAYS: u64 = 14;

path_query! {
    /// Which visits.
    AskedVisits {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Visits due until this day, late ones among them; in 14 days when left out.
        until: Option<Day>,
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/due-visits`.
pub async fn due_visits(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedVisits>,
) -> Result<ListAnswer<Page<Named<DueVisit>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    let today = today(&app);
    let soon = today.checked_add_days(Days::new(VISITS_WITHIN_DAYS)).unwrap_or(today);
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let filters = Filters { adviser, ..asked.shared_filters() };
    let reach = caller.grant.scope.reach();
    let question = VisitQuestion {
        until: asked.until.map_or(soon, |day| day.0),
        today,
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_visit)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&listing, min, &reach, &["follow_up_schedule"]).await?;
    let page = listing.gather(question, |visit| visit.id.clone()).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.due_on, at.id, at.milestone));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    let body = Page { items: page.items, next_cursor };
    listing.answer(&forms::VISITS, body, position, &asked).await
}

impl Listed for VisitQuestion<'_> {
    type Row = DueVisit;
    type Place = VisitPlace;

    fn at_place(&self, after: Option<VisitPlace>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(&self, listing: &Listing<'_>) -> Result<VisitPage, ApiError> {
        Ok(lists::due_visits(&listing.app.read, self).await?)
    }
}

fn read_visit(text: &str) -> Option<VisitPlace> {
    read_numbered(text).map(|(due_on, id, milestone)| VisitPlace { due_on, id, milestone })
}
