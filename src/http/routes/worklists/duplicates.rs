//! Pairs of paths that may be one person's.

use std::collections::BTreeSet;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use sira_domain::path::Beneficiary;
use sira_projections::Reach;
use sira_projections::case_identity::{self, Pair, PairParty, PairPlace};
use sira_projections::lists::{OFFICES, reached};
use uuid::Uuid;

use crate::commands::stream_id;
use crate::http::App;
use crate::http::contract::answer::{Page, Read};
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::record_readings;
use crate::http::contract::paging::{Cursor, Limit, page_limit};
use crate::http::contract::query::Query;
use crate::http::contract::reading::arrive;
use crate::http::routes::beneficiaries::CASES;

/// Which page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedDuplicates {
    /// Items of the page.
    #[serde(default = "page_limit")]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[expect(dead_code, reason = "it is read with the question that it belongs to")]
    cursor: Option<Cursor>,
}

/// `GET /v1/worklists/duplicates`.
pub async fn duplicates(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    asked: Query<AskedDuplicates>,
) -> Result<Read<Page<Pair>>, ApiError> {
    let (after, limit) = (asked.place_of(read_pair)?, asked.limit.get());
    arrive(&app, min, &[case_identity::NAME, CASES, OFFICES]).await?;
    let (journal, reach) = (app.commands.journal().id(), caller.grant.scope.reach());
    let page = case_identity::duplicates(&app.read, journal, &reach, after.as_ref(), limit).await?;
    let items = shown(&app, &caller, &reach, page.items).await?;
    let next_cursor = page.next.as_ref().map(|place| asked.cursor_to(&write_pair(place)));
    Ok(Read { body: Page { items, next_cursor }, position: page.position })
}

/// Pairs as the reader may see them: of a path that is out of reach the office alone, which has the pair on
/// its own worklist. Whom they reach they have read of, which is recorded before it is shown.
async fn shown(
    app: &App,
    caller: &Caller,
    reach: &Reach,
    mut pairs: Vec<Pair>,
) -> Result<Vec<Pair>, ApiError> {
    let parties = pairs.iter().flat_map(|pair| [&pair.one, &pair.other]);
    let ids: BTreeSet<Uuid> = parties.filter_map(|party| party.id).collect();
    let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let within = reached(&app.read, reach, &texts).await?;
    let is_within = |id: &Uuid| within.contains_key(&id.to_string());
    let shown = ids.iter().filter(|id| is_within(id)).map(|id| stream_id::<Beneficiary>(*id));
    record_readings(app, caller, "duplicate", shown.collect()).await?;
    for party in pairs.iter_mut().flat_map(|pair| [&mut pair.one, &mut pair.other]) {
        if !party.id.as_ref().is_some_and(is_within) {
            *party =
                PairParty { id: None, reference: None, region: None, office: party.office.clone() };
        }
    }
    Ok(pairs)
}

fn write_pair(place: &PairPlace) -> String {
    format!("{} {} {}", place.score, place.one, place.other)
}

fn read_pair(text: &str) -> Option<PairPlace> {
    let mut parts = text.split(' ');
    let score = parts.next()?.parse().ok()?;
    let one = Uuid::try_parse(parts.next()?).ok()?;
    let other = Uuid::try_parse(parts.next()?).ok()?;
    parts.next().is_none().then_some(PairPlace { score, one, other })
}
