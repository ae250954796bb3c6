//! Routes of a beneficiary's path: commands, status. Its history is in `history`.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use sira_domain::path::{BENEFICIARY_COMMANDS, Beneficiary};
use sira_domain::values::Reference;
use uuid::Uuid;

use super::access::{PATH_READERS, may_open};
use super::problem::{self, Problem};
use super::request::{Caller, Envelope, JsonBody, Named, read_etag};
use super::show::{open_identity, path_value, show_path};
use super::{App, answer_response};
use crate::access_log::{AccessEntry, record_access};
use crate::clock::read_moment;
use crate::commands::{Loaded, alias_of};
use crate::grant::Scope;
use crate::journal::{RecordedEvent, StreamId};
use crate::keys::{Found, PersonKey};

/// Largest body of a command: the longest free texts and a loan's schedule fit several times over.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/v1/beneficiaries", post(register))
        .route("/v1/beneficiaries/{id}", get(status))
        .route("/v1/beneficiaries/{id}/commands/{command}", post(command))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

async fn register(
    State(app): State<App>,
    caller: Caller,
    body: JsonBody,
) -> Result<Response, Response> {
    caller.require(roles_of("register").unwrap_or_default())?;
    let call = caller.call("POST /v1/beneficiaries", &body.bytes);
    let answer = app.commands.register(None, body.object, call).await;
    app.metrics.count_command("register", answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::CREATED, &answer, "/v1/beneficiaries"))
}

async fn command(
    State(app): State<App>,
    caller: Caller,
    Named((id, word)): Named<(String, String)>,
    body: JsonBody,
) -> Result<Response, Response> {
    // `register` makes its own id, so it is not a command on a path that is there.
    let roles = roles_of(&word).filter(|_| word != "register");
    let roles = roles.ok_or_else(|| caller.envelope.kind(problem::NOT_FOUND))?;
    caller.require(roles)?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let call = caller.call(&format!("POST {id} {word}"), &body.bytes);
    let answer = app.commands.command_beneficiary(id, &word, body.object, call).await;
    app.metrics.count_command(&word, answer.is_ok());
    let answer = answer.map_err(|error| caller.envelope.command_error(&error))?;
    Ok(answer_response(StatusCode::OK, &answer, "/v1/beneficiaries"))
}

fn roles_of(word: &str) -> Option<&'static [sira_domain::role::Role]> {
    BENEFICIARY_COMMANDS.iter().find(|entry| entry.word == word).map(|entry| entry.roles)
}

/// An id, or a reference as people type it.
pub(super) async fn find_id(app: &App, envelope: &Envelope, text: &str) -> Result<Uuid, Response> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    let reference = Reference::try_new(text).map_err(|error| {
        let detail = format!("id: {error}");
        envelope.problem(
            &Problem::new(problem::NOT_FOUND, envelope.language).error("/id", error.rule, detail),
        )
    })?;
    let found = app.commands.journal().find_alias(&alias_of(reference)).await;
    let found = found.map_err(|error| envelope.command_error(&error.into()))?;
    found.map(|stream| stream.aggregate_id).ok_or_else(|| envelope.kind(problem::NOT_FOUND))
}

/// Which moment of the path is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    /// What was known at the end of this day (UTC), or at this time.
    as_of: Option<String>,
    /// The state after this version.
    version: Option<u64>,
    /// Whether to open the identity; recorded.
    #[serde(default)]
    identity: bool,
}

impl Moment {
    fn is_now(&self) -> bool {
        self.as_of.is_none() && self.version.is_none()
    }

    /// Cuts a stream to this moment.
    fn cut(&self, envelope: &Envelope, events: &mut Vec<RecordedEvent>) -> Result<(), Response> {
        if let Some(version) = self.version {
            events.retain(|event| event.sequence <= version);
        }
        if let Some(as_of) = &self.as_of {
            let expected =
                || Problem::bad_parameter(envelope.language, "as_of", "YYYY-MM-DD, RFC 3339");
            let last = read_moment(as_of).ok_or_else(|| envelope.problem(&expected()))?;
            events.retain(|event| event.recorded_at <= last);
        }
        if events.is_empty() { Err(envelope.kind(problem::NOT_FOUND)) } else { Ok(()) }
    }
}

fn read_query(
    envelope: &Envelope,
    query: Result<Query<Moment>, axum::extract::rejection::QueryRejection>,
) -> Result<Moment, Response> {
    let expected = "as_of, version, identity";
    let bad = |_| envelope.problem(&Problem::bad_parameter(envelope.language, "query", expected));
    query.map(|Query(moment)| moment).map_err(bad)
}

/// The current path, if the caller may see it.
pub(super) async fn current(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<std::sync::Arc<Loaded<Beneficiary>>, Response> {
    let found = match &caller.fresh {
        Some(fresh) => app.commands.since::<Beneficiary>(fresh, id).await,
        None => app.commands.current_beneficiary(id).await,
    };
    let found = found.map_err(|error| caller.envelope.command_error(&error))?;
    let path = found.ok_or_else(|| caller.envelope.kind(problem::NOT_FOUND))?;
    // The scope is that of today, for past moments too: who has handed a person over no longer
    // reads their past.
    if caller.grant.scope == Scope::All {
        return Ok(path);
    }
    let state = path.state.state();
    let programme = state.registration.as_ref().map(|registration| registration.programme.0);
    let programme = app.commands.known_programme(programme.unwrap_or_default()).await;
    let programme = programme.map_err(|error| caller.envelope.command_error(&error))?;
    if caller.grant.scope.holds_path(state, &programme) {
        Ok(path)
    } else {
        Err(caller.envelope.kind(problem::OUT_OF_SCOPE))
    }
}

async fn status(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    headers: HeaderMap,
    query: Result<Query<Moment>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Response> {
    caller.require(PATH_READERS)?;
    let moment = read_query(&caller.envelope, query)?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    if moment.identity && !may_open(caller.grant.role, "identity") {
        return Err(caller.envelope.kind(problem::FORBIDDEN));
    }
    if !moment.is_now() {
        let mut events = read_stream(&app, &caller, id).await?;
        moment.cut(&caller.envelope, &mut events)?;
        let past = Loaded::<Beneficiary>::fold(&events)
            .map_err(|error| caller.envelope.command_error(&error))?;
        if moment.identity {
            return status_with_identity(&app, &caller, id, &past, &path).await;
        }
        return Ok(status_response(&past, show_path(id, &past)));
    }
    if moment.identity {
        return status_with_identity(&app, &caller, id, &path, &path).await;
    }
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .and_then(read_etag);
    if known == Some(path.state.version()) {
        return Ok(
            status_response(&path, bytes::Bytes::new()).with_status(StatusCode::NOT_MODIFIED)
        );
    }
    Ok(status_response(&path, show_path(id, &path)))
}

trait WithStatus {
    fn with_status(self, status: StatusCode) -> Self;
}

impl WithStatus for Response {
    fn with_status(mut self, status: StatusCode) -> Self {
        *self.status_mut() = status;
        self
    }
}

fn status_response(path: &Loaded<Beneficiary>, body: bytes::Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let etag = HeaderValue::from_str(&format!("\"{}\"", path.state.version()));
    headers.insert(header::ETAG, etag.unwrap_or(HeaderValue::from_static("\"0\"")));
    headers.insert("sira-position", HeaderValue::from(path.position));
    // A path must not linger in a proxy; its reader may keep it to ask again with its ETag.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// The path as it stood, with the identity of that moment; whether it may still be opened is said
/// by the path as it stands now.
async fn status_with_identity(
    app: &App,
    caller: &Caller,
    id: Uuid,
    path: &Loaded<Beneficiary>,
    current: &Loaded<Beneficiary>,
) -> Result<Response, Response> {
    log_access(app, caller, "identity", id).await?;
    let key = key_of(app, caller, current).await?;
    let identity = key.and_then(|key| open_identity(id, &path.state, &key));
    let mut shown = path_value(id, path);
    shown["identity"] = identity.into();
    Ok(status_response(path, serde_json::to_vec(&shown).unwrap_or_default().into()))
}

/// Recorded before it is shown: a crash in between leaves an entry for a reading that was not seen,
/// never a reading without its entry.
pub(super) async fn log_access(
    app: &App,
    caller: &Caller,
    action: &'static str,
    id: Uuid,
) -> Result<(), Response> {
    let entry = AccessEntry {
        at: app.commands.clock().now(),
        actor: &caller.grant.actor,
        role: caller.grant.role,
        action,
        stream: StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id },
        request_id: &caller.envelope.request_id,
    };
    let recorded = record_access(app.commands.journal(), &entry).await;
    recorded.map_err(|error| caller.envelope.command_error(&error.into()))
}

/// Every event of a path.
pub(super) async fn read_stream(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<RecordedEvent>, Response> {
    let stream = StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id };
    let events = app.commands.journal().read_stream(&stream, 0).await;
    events.map_err(|error| caller.envelope.command_error(&error.into()))
}

/// The person's key; none when the person has been erased.
pub(super) async fn key_of(
    app: &App,
    caller: &Caller,
    path: &Loaded<Beneficiary>,
) -> Result<Option<PersonKey>, Response> {
    let state = path.state.state();
    let Some(key) = state.keys.last().filter(|_| !state.is_erased()) else { return Ok(None) };
    match app.commands.keys().get(*key).await {
        Ok(Found::Key(key)) => Ok(Some(key)),
        Ok(Found::Destroyed { .. }) => Ok(None),
        // Lost with the key store's last days, as after a restore: sealed for ever, and no reason to
        // withhold the rest. That the store is this journal's was made sure of at the start.
        Ok(Found::Unknown) => {
            tracing::error!(key = %key, "a person's key is missing: what it sealed stays sealed");
            Ok(None)
        }
        Err(error) => Err(caller.envelope.command_error(&error.into())),
    }
}
