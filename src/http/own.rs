//! Routes of the streams beside the path: programmes, cohorts, funds.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value};
use sira_domain::cohort::Cohort;
use sira_domain::fund::Fund;
use sira_domain::programme::Programme;
use sira_domain::role::Role;
use uuid::Uuid;

use super::access::{COHORT_READERS, FUND_READERS, HISTORY_READERS};
use super::problem;
use super::request::{Caller, JsonBody, Named};
use super::show::{Opening, show_event};
use super::{App, answer_response};
use crate::commands::{Aggregate, Answer, Call, CommandError, Commands, Loaded};
use crate::journal::StreamId;

/// Largest body: a lottery of 5,000 people.
const BODY_MAX_BYTES: usize = 512 * 1024;

/// A kind of stream with routes of its own.
trait Resource: Aggregate + serde::Serialize {
    /// Where its streams are.
    const COLLECTION: &'static str;
    /// One of them.
    const ITEM_PATH: &'static str;
    /// Its history.
    const HISTORY_PATH: &'static str;
    /// Its commands.
    const COMMAND_PATH: &'static str;

    /// Who may read where it stands.
    fn readers() -> &'static [Role];

    /// What is shown beside its state.
    fn derived(&self, shown: &mut Map<String, Value>);

    /// Carries out a command.
    fn carry_out(
        commands: &Commands,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> impl Future<Output = Result<Answer, CommandError>> + Send {
        commands.command::<Self>(id, word, body, call)
    }
}

impl Resource for Programme {
    const COLLECTION: &'static str = "/v1/programmes";
    const ITEM_PATH: &'static str = "/v1/programmes/{id}";
    const HISTORY_PATH: &'static str = "/v1/programmes/{id}/history";
    const COMMAND_PATH: &'static str = "/v1/programmes/{id}/commands/{command}";

    fn readers() -> &'static [Role] {
        &Role::ALL
    }

    fn derived(&self, shown: &mut Map<String, Value>) {
        shown.insert("term".into(), serde_json::to_value(self.term()).unwrap_or_default());
    }
}

impl Resource for Cohort {
    const COLLECTION: &'static str = "/v1/cohorts";
    const ITEM_PATH: &'static str = "/v1/cohorts/{id}";
    const HISTORY_PATH: &'static str = "/v1/cohorts/{id}/history";
    const COMMAND_PATH: &'static str = "/v1/cohorts/{id}/commands/{command}";

    fn readers() -> &'static [Role] {
        COHORT_READERS
    }

    fn derived(&self, shown: &mut Map<String, Value>) {
        let seats = self.plan.as_ref().map_or(0, |plan| plan.capacity.get() as usize);
        shown.insert("seats_taken".into(), self.members.len().into());
        shown.insert("seats_free".into(), seats.saturating_sub(self.members.len()).into());
    }

    async fn carry_out(
        commands: &Commands,
        id: Uuid,
        word: &str,
        body: Map<String, Value>,
        call: Call,
    ) -> Result<Answer, CommandError> {
        if word == "record-register" {
            return commands.record_register(id, body, call).await;
        }
        commands.command::<Self>(id, word, body, call).await
    }
}

impl Resource for Fund {
    const COLLECTION: &'static str = "/v1/funds";
    const ITEM_PATH: &'static str = "/v1/funds/{id}";
    const HISTORY_PATH: &'static str = "/v1/funds/{id}/history";
    const COMMAND_PATH: &'static str = "/v1/funds/{id}/commands/{command}";

    fn readers() -> &'static [Role] {
        FUND_READERS
    }

    fn derived(&self, shown: &mut Map<String, Value>) {
        for (name, amount) in [
            ("committed", self.committed()),
            ("disbursed", self.disbursed()),
            ("open_commitments", self.open_commitments()),
            ("free", self.free()),
        ] {
            shown.insert(name.into(), amount.francs().into());
        }
    }
}

/// The routes.
pub fn routes() -> Router<App> {
    of::<Programme>()
        .merge(of::<Cohort>())
        .merge(of::<Fund>())
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

fn of<S: Resource>() -> Router<App> {
    Router::new()
        .route(S::COLLECTION, post(begin::<S>))
        .route(S::ITEM_PATH, get(show::<S>))
        .route(S::HISTORY_PATH, get(history::<S>))
        .route(S::COMMAND_PATH, post(command::<S>))
}

fn roles_of<S: Aggregate>(word: &str) -> Option<&'static [Role]> {
    S::COMMANDS.iter().find(|entry| entry.word == word).map(|entry| entry.roles)
}

async fn begin<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Response> {
    caller.require(roles_of::<S>(S::FIRST).unwrap_or_default())?;
    let call = caller.call(&format!("POST {}", S::COLLECTION), &body.bytes);
    let answer = app.commands.begin::<S>(body.object, call).await;
    app.metrics.count_command(S::FIRST, answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::CREATED, &answer, S::COLLECTION))
}

async fn command<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named((id, word)): Named<(String, String)>,
    body: JsonBody,
) -> Result<Response, Response> {
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    // The first command makes the stream's id, so it is not one on a stream that is there.
    let roles = roles_of::<S>(&word).filter(|_| word != S::FIRST);
    caller.require(roles.ok_or_else(not_found)?)?;
    let id = Uuid::try_parse(&id).map_err(|_| not_found())?;
    let call = caller.call(&format!("POST {id} {word}"), &body.bytes);
    let answer = S::carry_out(&app.commands, id, &word, body.object, call).await;
    app.metrics.count_command(&word, answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::OK, &answer, S::COLLECTION))
}

/// The stream as it stands, if the caller may see it.
async fn current<S: Resource>(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<(Uuid, std::sync::Arc<Loaded<S>>), Response> {
    let not_found = || caller.envelope.kind(problem::NOT_FOUND);
    let failed = |error: CommandError| caller.envelope.command_error(&error);
    let id = Uuid::try_parse(id).map_err(|_| not_found())?;
    let found = match &caller.fresh {
        Some(fresh) => app.commands.since::<S>(fresh, id).await,
        None => app.commands.current::<S>(id).await,
    };
    let found = found.map_err(failed)?.ok_or_else(not_found)?;
    let programme = match found.state.programme() {
        Some(programme) => app.commands.known_programme(programme).await.map_err(failed)?,
        None => std::sync::Arc::default(),
    };
    if found.state.is_within(id, &caller.grant.scope, &programme) {
        Ok((id, found))
    } else {
        Err(caller.envelope.kind(problem::OUT_OF_SCOPE))
    }
}

async fn show<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Response> {
    caller.require(S::readers())?;
    let (id, found) = current::<S>(&app, &caller, &id).await?;
    let mut shown = serde_json::to_value(&*found.state).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("id".into(), id.to_string().into());
        shown.insert("position".into(), found.position.into());
        found.state.derived(shown);
    }
    let mut response = Json(shown).into_response();
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", found.state.version())) {
        headers.insert(header::ETAG, etag);
    }
    headers.insert("sira-position", HeaderValue::from(found.position));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Every event of the stream. Nothing in it is sealed; whom it names, it names by id.
async fn history<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Response, Response> {
    caller.require(HISTORY_READERS)?;
    let (id, found) = current::<S>(&app, &caller, &id).await?;
    let stream = StreamId { aggregate_type: S::TYPE.into(), aggregate_id: id };
    let events = app.commands.journal().read_stream(&stream, 0).await;
    let events = events.map_err(|error| caller.envelope.command_error(&error.into()))?;
    let opening = Opening { key: None, id, may_open: &|_| false };
    let language = caller.envelope.language;
    let shown = serde_json::json!({
        "id": id,
        "version": found.state.version(),
        "position": found.position,
        "events": events.iter().map(|event| show_event(event, false, language, &opening)).collect::<Vec<_>>(),
    });
    let mut response = Json(shown).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
