//! Loans with an instalment past its day.

use axum::extract::State;
use sira_domain::values::{ActorId, Within};
use sira_projections::lists::{self, Filters, LoanPage, LoanPlace, LoanQuestion, OverdueLoan};

use super::{DAYS_MAX, arrive, days_ago, forms, read_numbered, today};
use crate::http::App;
use crate::http::contract::answer::Page;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listed, Listing, Named, Wanted};
use crate::http::contract::paging::path_query;
use crate::http::contract::query::Query;

/// Days past due from which on a repayment is listed, when nothing is said.
const OVERDUE_FROM_DAYS: u32 = 1;

path_query! {
    /// Which loans.
    AskedLoans {
        /// Adviser in charge, by the name in their token.
        adviser: Option<ActorId>,
        /// Days past due at least; 1 when left out.
        days: Option<Within<OVERDUE_FROM_DAYS, DAYS_MAX>>,
        /// With each person's name, phone and place: every reading is recorded.
        #[serde(default)]
        identity: bool,
    }
}

/// `GET /v1/worklists/overdue-repayments`.
pub async fn overdue(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedLoans>,
) -> Result<ListAnswer<Page<Named<OverdueLoan>>>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    let adviser = asked.adviser.as_ref().map(ToString::to_string);
    let filters = Filters { adviser, ..asked.shared_filters() };
    let reach = caller.grant.scope.reach();
    let question = LoanQuestion {
        due_until: days_ago(&app, asked.days.map_or(OVERDUE_FROM_DAYS, Within::get)),
        today: today(&app),
        filters: &filters,
        reach: &reach,
        after: asked.place_of(read_loan)?,
        limit: asked.limit.get(),
    };
    let position = arrive(&listing, min, &reach, &["loan_status", "instalments"]).await?;
    let page = listing.gather(question, |loan| loan.id.clone()).await?;
    let next = page.next.map(|at| format!("{} {} {}", at.due_on, at.id, at.financing));
    let next_cursor = next.map(|place| asked.cursor_to(&place));
    let body = Page { items: page.items, next_cursor };
    listing.answer(&forms::OVERDUE, body, position, &asked).await
}

impl Listed for LoanQuestion<'_> {
    type Row = OverdueLoan;
    type Place = LoanPlace;

    fn at_place(&self, after: Option<LoanPlace>, limit: u32) -> Self {
        Self { after, limit, ..self.clone() }
    }

    async fn read(&self, listing: &Listing<'_>) -> Result<LoanPage, ApiError> {
        Ok(lists::overdue(&listing.app.read, self).await?)
    }
}

fn read_loan(text: &str) -> Option<LoanPlace> {
    read_numbered(text).map(|(due_on, id, financing)| LoanPlace { due_on, id, financing })
}
