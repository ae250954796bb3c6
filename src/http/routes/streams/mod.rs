//! Routes of the streams beside the path: programmes, cohorts, funds.

mod cohorts;
mod command;
mod funds;
mod history;
mod programmes;
mod show;

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
struct Place {
    tag: Tag,
    /// Where its streams are.
    collection: &'static str,
    /// One of them, and who may read where it stands.
    item: (&'static str, Access),
    /// Its history.
    history: &'static str,
    /// Ids of the two operations that read one, and what the first shows.
    ids: [&'static str; 2],
    summary: &'static str,
}

/// A kind of stream with routes of its own.
trait Resource: Aggregate + serde::Serialize {
    const PLACE: Place;
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

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = of::<Programme>("Every event of a programme.");
    all.extend(of::<Cohort>("Every event of a cohort."));
    all.extend(of::<Fund>("Every event of a fund."));
    all
}

fn of<S: Resource>(about_history: &'static str) -> Vec<Endpoint> {
    let Place { tag, item, history, ids, summary, .. } = S::PLACE;
    let mut all = vec![
        Endpoint::get(item.0, item.1, (tag, ids[0]), summary, show::show::<S>),
        Endpoint::get(
            history,
            Roles(HISTORY_READERS),
            (tag, ids[1]),
            about_history,
            history::history::<S>,
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
async fn current<S: Resource>(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<(Uuid, Arc<Loaded<S>>), ApiError> {
    let id = Uuid::try_parse(id).map_err(|_| ApiError::NotFound)?;
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
    if is_within { Ok((id, found)) } else { Err(ApiError::OutOfScope) }
}
