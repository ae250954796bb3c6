//! Candidates in the order in which they would be selected: those who wait for a decision, or those of a
//! ranked list.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::path::Beneficiary;
use sira_domain::path::facts::{Decision, Sex};
use sira_domain::programme::ranking::{CANDIDATES_MAX, place};
use sira_domain::programme::{Programme, RankedList, Rules};
use sira_domain::reference::RegionCode;
use sira_domain::values::{OfficeCode, ProgrammeId, Slug};
use sira_projections::lists::{self, CaseOrder, CaseQuestion, Filters, Which};
use uuid::Uuid;

use super::super::streams::reached_programme;
use super::{arrive, forms};
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::MinPosition;
use crate::http::contract::listing::{ListAnswer, Listing, Named, Wanted};
use crate::http::contract::query::Query;

/// Which candidates.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedCandidates {
    /// The programme.
    programme: ProgrammeId,
    /// Region of residence.
    region: Option<RegionCode>,
    /// Office in charge.
    office: Option<OfficeCode>,
    /// The session whose ranked list is asked for; without one, those who wait for a decision now, as they
    /// would be ranked.
    session: Option<Slug>,
    /// Those of the session of whom this was decided: `waitlisted` for its waiting list.
    decision: Option<Decision>,
    /// With each person's name, phone and place: every reading is recorded. A committee decides without.
    #[serde(default)]
    identity: bool,
}

/// Candidates by rank.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RankedCandidates {
    /// The session, where a list was closed for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Its places; those beyond wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<u32>,
    /// The candidates, the first rank first.
    items: Vec<Named<RankedCandidate>>,
    /// Candidates of the list who are out of reach.
    out_of_reach: u32,
    /// Whether more wait than are ranked here: 500 at most, those without a fact for longest.
    is_cut: bool,
}

/// Candidates by rank, before they are named.
struct Found {
    list: RankedCandidates,
    ranked: Vec<RankedCandidate>,
}

/// One candidate.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RankedCandidate {
    /// Rank, from 1.
    rank: u32,
    /// The path.
    id: Uuid,
    /// Its reference.
    reference: Option<String>,
    /// Total of the interview, out of 100.
    score: Option<u32>,
    /// Sex.
    sex: Option<Sex>,
    /// Year of birth.
    birth_year: Option<u32>,
    /// Region of residence.
    region: Option<RegionCode>,
    /// The decision so far; none before it.
    decision: Option<Decision>,
}

/// `GET /v1/worklists/candidates`.
pub async fn candidates(
    State(app): State<App>,
    caller: Caller,
    min: MinPosition,
    wanted: Wanted,
    asked: Query<AskedCandidates>,
) -> Result<ListAnswer<RankedCandidates>, ApiError> {
    let listing = Listing::of(&app, &caller, wanted, asked.identity)?;
    if asked.decision.is_some() && asked.session.is_none() {
        return Err(ApiError::parameter("session", "session & decision"));
    }
    let reach = caller.grant.scope.reach();
    let position = arrive(&listing, min, &reach, &[]).await?;
    let programme = reached_programme(&app, &caller, asked.programme.0).await?.state.clone();
    let Found { list, ranked } = match &asked.session {
        Some(session) => {
            let list = programme.rankings.get(session).ok_or(ApiError::NotFound)?;
            of_list(&app, &caller, &programme, list, &asked).await?
        }
        None => waiting(&app, &caller, &programme, &asked).await?,
    };
    let ranked =
        ranked.into_iter().filter(|one| asked.decision.is_none_or(|of| one.decision == Some(of)));
    let items = listing.name(ranked.collect(), |one| one.id.to_string()).await?;
    let body = RankedCandidates { items, ..list };
    listing.answer(&forms::CANDIDATES, body, position, &asked).await
}

/// Those of a list, as it was closed.
async fn of_list(
    app: &App,
    caller: &Caller,
    programme: &Programme,
    list: &RankedList,
    asked: &AskedCandidates,
) -> Result<Found, ApiError> {
    let mut items = Vec::new();
    let mut out_of_reach = 0;
    let paths = app.commands.paths_now(&list.ranked).await?;
    for (rank, who) in (1_u32..).zip(&list.ranked) {
        let within = paths
            .get(who)
            .filter(|path| caller.grant.scope.holds_path(path.state.state(), programme));
        match within {
            None => out_of_reach += 1,
            Some(path) if is_asked(&path.state, asked) => {
                let score = list.scores.get(who).map(|score| score.get());
                items.push(shown(rank, *who, &path.state, score, Some(&list.session)));
            }
            Some(_) => {}
        }
    }
    let (session, seats) = (Some(list.session.to_string()), Some(list.seats.get()));
    let list = RankedCandidates { session, seats, items: Vec::new(), out_of_reach, is_cut: false };
    Ok(Found { list, ranked: items })
}

/// Those who wait for a decision now, ranked by the rules of today.
async fn waiting(
    app: &App,
    caller: &Caller,
    programme: &Programme,
    asked: &AskedCandidates,
) -> Result<Found, ApiError> {
    let filters = Filters {
        programme: Some(asked.programme.0),
        region: asked.region.map(|region| region.code().to_owned()),
        office: asked.office.as_ref().map(ToString::to_string),
        awaiting: Some("selection".to_owned()),
        ..Filters::default()
    };
    let reach = caller.grant.scope.reach();
    let (ids, is_cut) = ids_of(app, &filters, &reach).await?;
    let paths = app.commands.paths_now(&ids).await?;
    let today = app.commands.clock().now().date_naive();
    let (_, rules) = programme.rules_on(today);
    let mut ranked = Vec::with_capacity(paths.len());
    for (id, path) in paths {
        let stands = path.state.state().interview.is_some();
        if stands && caller.grant.scope.holds_path(path.state.state(), programme) {
            ranked.push((placed(&rules, id, &path.state), id, path));
        }
    }
    ranked
        .sort_unstable_by(|(one, first, _), (other, second, _)| (one, first).cmp(&(other, second)));
    let items = (1_u32..).zip(&ranked).map(|(rank, (_, id, path))| {
        let score = path.state.state().interview.as_ref().map(|sheet| sheet.total.get());
        shown(rank, *id, &path.state, score, None)
    });
    let items = items.collect();
    let list =
        RankedCandidates { session: None, seats: None, items: Vec::new(), out_of_reach: 0, is_cut };
    Ok(Found { list, ranked: items })
}

/// Before a session is named there is no lot yet: whom no rule tells apart stand in the order of their ids.
fn placed(
    rules: &Rules,
    id: Uuid,
    path: &Beneficiary,
) -> sira_domain::programme::ranking::RankPlace {
    place(rules, None, id, path.state())
}

/// The paths that wait, within reach, those without a fact for longest first, and whether there are more than are
/// ranked.
async fn ids_of(
    app: &App,
    filters: &Filters,
    reach: &sira_projections::Reach,
) -> Result<(Vec<Uuid>, bool), ApiError> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let question = CaseQuestion {
            which: Which::Awaiting,
            filters,
            reach,
            order: CaseOrder::LastOn,
            descending: false,
            after: after.take(),
            limit: lists::MAX_PAGE,
        };
        let page = lists::cases(&app.read, &question).await?;
        ids.extend(page.items.iter().filter_map(|item| Uuid::try_parse(&item.id).ok()));
        if ids.len() > CANDIDATES_MAX as usize {
            ids.truncate(CANDIDATES_MAX as usize);
            return Ok((ids, true));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((ids, false)),
        }
    }
}

fn is_asked(path: &Beneficiary, asked: &AskedCandidates) -> bool {
    let state = path.state();
    let is_of = |office: &OfficeCode| state.office.as_ref() == Some(office);
    asked.region.is_none_or(|region| state.region == Some(region))
        && asked.office.as_ref().is_none_or(is_of)
}

fn shown(
    rank: u32,
    id: Uuid,
    path: &Beneficiary,
    score: Option<u32>,
    session: Option<&Slug>,
) -> RankedCandidate {
    let state = path.state();
    let known = state.registration.as_ref();
    let decided = state.selection.as_ref().map(|last| &last.selection);
    let decided = decided.filter(|last| session.is_none_or(|session| last.session == *session));
    RankedCandidate {
        rank,
        id,
        reference: known.map(|known| known.reference.to_string()),
        score,
        sex: known.map(|known| known.sex),
        birth_year: known.map(|known| known.birth_year.get()),
        region: state.region,
        decision: decided.map(|last| last.decision),
    }
}
