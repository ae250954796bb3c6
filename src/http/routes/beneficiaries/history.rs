//! A path's history, and the difference between two of its moments.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::access::{PATH_READERS, may_open};
use super::beneficiaries::{current, find_id, key_of, log_access, read_stream};
use super::problem::{self, Problem};
use super::request::{Caller, Named};
use super::show::Opening;
use crate::clock::read_moment;
use crate::journal::RecordedEvent;
use crate::replay::history::{compare, programme_of};
use crate::replay::tell;

/// The route.
pub(super) const PATH: &str = "/v1/beneficiaries/{id}/history";

/// The routes.
pub fn routes() -> Router<App> {
    Router::new().route(PATH, get(history))
}

/// Which moment, or which two.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    as_of: Option<String>,
    version: Option<u64>,
    from_version: Option<u64>,
    to_version: Option<u64>,
    from_as_of: Option<String>,
    to_as_of: Option<String>,
}

impl Asked {
    fn is_of_two(&self) -> bool {
        self.from_version.is_some()
            || self.to_version.is_some()
            || self.from_as_of.is_some()
            || self.to_as_of.is_some()
    }
}

/// A moment of a path, as somebody names it.
#[derive(Clone, Copy)]
enum At {
    Version(u64),
    Time(DateTime<Utc>),
}

async fn history(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    query: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Response> {
    caller.require(PATH_READERS)?;
    let expected = "as_of, version | from_version, from_as_of, to_version, to_as_of";
    let Query(asked) = query.map_err(|_| bad(&caller, "query", expected))?;
    let id = find_id(&app, &caller.envelope, &id).await?;
    let path = current(&app, &caller, id).await?;
    let mut events = read_stream(&app, &caller, id).await?;
    let from = cut(&caller, &asked, &mut events)?;
    log_access(&app, &caller, "history", id).await?;
    let key = key_of(&app, &caller, &path).await?;
    let failed = |error| caller.envelope.command_error(&error);
    let programme = programme_of(&app.commands, &path.state).await.map_err(failed)?;
    let may_open = |field: &str| may_open(caller.grant.role, field);
    let opening = Opening { key: key.as_ref(), id, may_open: &may_open };
    let language = caller.envelope.language;
    let registration = path.state.state().registration.as_ref();
    let mut shown = json!({
        "id": id,
        "reference": registration.map(|registration| registration.reference),
    });
    let told = if let Some(from) = from {
        json!(compare(&events, from, &programme, language, &opening).map_err(failed)?)
    } else {
        let told = tell(&events, &programme, language, &opening).map_err(failed)?;
        json!({
            "version": told.path.state.version(),
            "position": told.path.position,
            "events": told.events,
            "rules": told.rules,
        })
    };
    if let (Some(shown), Value::Object(told)) = (shown.as_object_mut(), told) {
        shown.extend(told);
    }
    let mut response = axum::Json(shown).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Cuts the events to the moment that is asked for; of two moments, to the later, and gives the version
/// of the earlier.
fn cut(
    caller: &Caller,
    asked: &Asked,
    events: &mut Vec<RecordedEvent>,
) -> Result<Option<u64>, Response> {
    let from = named(caller, "from", asked.from_version, asked.from_as_of.as_deref())?;
    let to = named(caller, "to", asked.to_version, asked.to_as_of.as_deref())?;
    if asked.is_of_two() {
        if asked.as_of.is_some() || asked.version.is_some() {
            return Err(bad(caller, "query", "as_of, version | from_..., to_..."));
        }
        let last = version_at(caller, "to_version", to, events)?;
        let first = version_at(caller, "from_version", from.or(Some(At::Version(0))), events)?;
        if first > last {
            return Err(bad(caller, "from_version", &format!("0..{last}")));
        }
        events.retain(|event| event.sequence <= last);
        return Ok(Some(first));
    }
    let as_of = time(caller, "as_of", asked.as_of.as_deref())?;
    events.retain(|event| asked.version.is_none_or(|version| event.sequence <= version));
    events.retain(|event| as_of.is_none_or(|last| event.recorded_at <= last));
    if events.is_empty() {
        return Err(caller.envelope.kind(problem::NOT_FOUND));
    }
    Ok(None)
}

fn named(
    caller: &Caller,
    which: &str,
    version: Option<u64>,
    as_of: Option<&str>,
) -> Result<Option<At>, Response> {
    match (version, time(caller, &format!("{which}_as_of"), as_of)?) {
        (Some(_), Some(_)) => {
            Err(bad(caller, &format!("{which}_as_of"), &format!("{which}_version | {which}_as_of")))
        }
        (Some(version), None) => Ok(Some(At::Version(version))),
        (None, time) => Ok(time.map(At::Time)),
    }
}

/// The version that a moment comes to; the present one when none is named.
fn version_at(
    caller: &Caller,
    name: &str,
    moment: Option<At>,
    events: &[RecordedEvent],
) -> Result<u64, Response> {
    let present = events.last().map_or(0, |event| event.sequence);
    match moment {
        None => Ok(present),
        // A version that is not there yet would tell of a moment that has not been.
        Some(At::Version(version)) if version > present => {
            Err(bad(caller, name, &format!("0..{present}")))
        }
        Some(At::Version(version)) => Ok(version),
        Some(At::Time(time)) => {
            let known = events.iter().rev().find(|event| event.recorded_at <= time);
            Ok(known.map_or(0, |event| event.sequence))
        }
    }
}

fn time(
    caller: &Caller,
    name: &str,
    text: Option<&str>,
) -> Result<Option<DateTime<Utc>>, Response> {
    let Some(text) = text else { return Ok(None) };
    read_moment(text).map(Some).ok_or_else(|| bad(caller, name, "YYYY-MM-DD, RFC 3339"))
}

fn bad(caller: &Caller, name: &str, expected: &str) -> Response {
    caller.envelope.problem(&Problem::bad_parameter(caller.envelope.language, name, expected))
}
