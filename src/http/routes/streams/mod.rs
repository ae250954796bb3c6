//! Routes of the streams beside the path: programmes, cohorts, funds.

mod cohorts;
mod command;
mod commands;
mod evidence;
mod funds;
mod history;
mod list;
mod lotteries;
mod members;
mod programmes;
mod show;
mod veil;

use std::sync::Arc;

use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::programme::Programme;
use uuid::Uuid;

use crate::commands::{Aggregate, Answer, Call, CommandError, Commands, Loaded};
use crate::http::App;
use crate::http::contract::access::Access::{self, Roles};
use crate::http::contract::access::HISTORY_READERS;
use crate::http::contract::caller::Caller;
use crate::http::contract::endpoint::{Endpoint, Tag};
use crate::http::contract::error::ApiError;

/// Largest body: a lottery of 5,000 people.
const BODY_MAX_BYTES: usize = 512 * 1024;

/// How a kind of stream is found in the API.
pub(super) struct Place {
    tag: Tag,
    /// Where its streams are.
    collection: &'static str,
    /// One of them, and who may read where it stands.
    item: (&'static str, Access),
    /// Its history.
    history: &'static str,
    /// What may be done with it now.
    commands: &'static str,
    /// Ids of the three operations that read one, and what the first shows.
    ids: [&'static str; 3],
    summary: &'static str,
}

/// A kind of stream with routes of its own.
pub(super) trait Resource: Aggregate + serde::Serialize {
    const PLACE: Place;
    /// Fields that one person's payment moves, which those who must see nobody are not shown.
    const MOVES_WITH_ONE_PERSON: &'static [&'static str] = &[];
    /// As it is shown: its state, and what is worked out from it.
    type Shown: schemars::JsonSchema + 'static;

    /// What is shown beside its state.
    fn derived(&self, shown: &mut serde_json::Map<String, serde_json::Value>);

    /// Carries out a command.
    fn carry_out(
        commands: &Commands,
        id: Uuid,
        word: &str,
        body: serde_json::Map<String, serde_json::Value>,
        call: Call,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send {
        commands.command::<Self>(id, word, body, call)
    }
}

pub(super) use command::{begin_stream, give};
pub(super) use commands::{AvailableCommands, available};

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = lists();
    all.extend(of::<Programme>("Every event of a programme."));
    all.push(Endpoint::get(
        "/v1/programmes/{id}/lotteries/{session}",
        Programme::PLACE.item.1,
        (Programme::PLACE.tag, "get-lottery"),
        "A lottery, to be drawn again: those out of reach are counted.",
        lotteries::lottery,
    ));
    all.extend(of::<Cohort>("Every event of a cohort."));
    all.push(Endpoint::get(
        "/v1/cohorts/{id}/members",
        Cohort::PLACE.item.1,
        (Cohort::PLACE.tag, "list-cohort-members"),
        "The members of a training group, or the sheet of one of its sessions: to read, to keep or to print.",
        members::members,
    ));
    all.push(proved::<Cohort>("/v1/cohorts/{id}/evidence", "get-cohort-evidence"));
    all.extend(of::<Fund>("Every event of a fund."));
    all.push(proved::<Fund>("/v1/funds/{id}/evidence", "get-fund-evidence"));
    all
}

/// Who may read a list is who may read one of its streams.
fn lists() -> Vec<Endpoint> {
    let (programmes, cohorts, funds) = (Programme::PLACE, Cohort::PLACE, Fund::PLACE);
    vec![
        Endpoint::get(
            programmes.collection,
            programmes.item.1,
            (programmes.tag, "list-programmes"),
            "Programmes within reach, the first signed first.",
            list::programmes,
        ),
        Endpoint::get(
            "/v1/offices",
            programmes.item.1,
            (programmes.tag, "list-offices"),
            "Offices of programmes within reach.",
            list::offices,
        ),
        Endpoint::get(
            cohorts.collection,
            cohorts.item.1,
            (cohorts.tag, "list-cohorts"),
            "Training groups within reach, the latest begun first.",
            list::cohorts,
        ),
        Endpoint::get(
            funds.collection,
            funds.item.1,
            (funds.tag, "list-funds"),
            "Funds within reach, the latest begun first.",
            list::funds,
        ),
    ]
}

/// The route of a stream's bundle: for those who read its history.
fn proved<S: Resource>(path: &'static str, id: &'static str) -> Endpoint {
    Endpoint::get(
        path,
        Roles(HISTORY_READERS),
        (S::PLACE.tag, id),
        "Every event as it is stored, with the proof that none is missing or changed: for `sira verify --bundle`, and for those who reach everybody in it. The reading is recorded.",
        evidence::bundle::<S>,
    )
}

fn of<S: Resource>(about_history: &'static str) -> Vec<Endpoint> {
    let Place { tag, item, history, commands, ids, summary, .. } = S::PLACE;
    let mut all = vec![
        Endpoint::get(item.0, item.1, (tag, ids[0]), summary, show::show::<S>),
        Endpoint::get(
            history,
            Roles(HISTORY_READERS),
            (tag, ids[1]),
            about_history,
            history::history::<S>,
        ),
        Endpoint::get(
            commands,
            item.1,
            (tag, ids[2]),
            "Each command of the caller's role: allowed now, or the rule that forbids it.",
            commands::commands::<S>,
        ),
    ];
    all.extend(S::COMMANDS.iter().map(|entry| {
        let endpoint = if entry.word == S::FIRST {
            command::beginning::<S>(entry)
        } else {
            command::commanding::<S>(entry)
        };
        endpoint.up_to(BODY_MAX_BYTES)
    }));
    all
}

/// The stream as it stands, if the caller may see it.
pub(super) async fn current<S: Aggregate>(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<Arc<Loaded<S>>, ApiError> {
    let found = match &caller.fresh {
        Some(fresh) => app.commands.since::<S>(fresh, id).await?,
        None => app.commands.current::<S>(id).await?,
    };
    let found = found.ok_or(ApiError::NotFound)?;
    let programme = match found.state.programme() {
        Some(programme) => app.commands.known_programme(programme).await?,
        None => Arc::default(),
    };
    let is_within = found.state.is_within(id, &caller.grant.scope, &programme);
    if is_within { Ok(found) } else { Err(ApiError::NotFound) }
}

/// The programme as it stands, if some office of it is within the caller's reach: a programme may be read by
/// everybody, and its people and its staff may not.
pub(super) async fn reached_programme(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<Arc<Loaded<Programme>>, ApiError> {
    let programme = current::<Programme>(app, caller, id).await?;
    let is_reached = caller.grant.scope.reaches_programme(id, &programme.state);
    if is_reached { Ok(programme) } else { Err(ApiError::NotFound) }
}
