//! A path's history, and the difference between two of its moments.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_domain::values::Reference;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::find::{check_reached, found, key_of, log_access, read_stream, stream_of};
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::moment::PastMoment;
use crate::http::contract::query::Query;
use crate::journal::RecordedEvent;
use crate::present::{Opening, may_open};
use crate::replay::history::{HistoryEvent, HistoryRules, PathDifference, compare, programme_of};
use crate::replay::tell;

/// Which moment, or which two.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedHistory {
    /// What was known at the end of this day (UTC), or at this time.
    as_of: Option<PastMoment>,
    /// The state after this version.
    version: Option<Version>,
    /// Answers the difference from this version on; 0 is before the first event.
    from_version: Option<Version>,
    /// As `from_version`, by a day (its end, UTC) or a time.
    from_as_of: Option<PastMoment>,
    /// The later of the two moments; now when left out.
    to_version: Option<Version>,
    /// As `to_version`, by a day (its end, UTC) or a time.
    to_as_of: Option<PastMoment>,
}

/// A path's history.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "History")]
pub struct HistoryAnswer {
    /// The path.
    id: Uuid,
    /// Its reference for paper and phone; none when the registration was retracted.
    reference: Option<Reference>,
    /// What is told of it.
    #[serde(flatten)]
    told: Story,
}

/// A history to one moment, or the difference between two.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Story {
    /// Every event up to a moment.
    Whole(Whole),
    /// Two moments of a path, what differs, and what happened between.
    Difference(PathDifference),
}

/// Every event of a path up to a moment.
#[derive(Debug, Serialize, JsonSchema)]
struct Whole {
    /// Sequence of the last event.
    version: Version,
    /// Its position.
    position: Position,
    /// The events, in order.
    events: Vec<HistoryEvent>,
    /// The rules that they were judged by, each version once.
    rules: Vec<HistoryRules>,
}

/// `GET /v1/beneficiaries/{id}/history`.
pub async fn history(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    asked: Query<AskedHistory>,
) -> Result<Unkept<HistoryAnswer>, ApiError> {
    let (id, path) = found(&app, &caller, &id).await?;
    let mut events = read_stream(&app, id).await?;
    let from = cut(&asked, &mut events)?;
    log_access(&app, &caller, "history", stream_of(id)).await?;
    let key = key_of(&app, &path).await?;
    let programme = programme_of(&app.commands, &path.state).await?;
    let may_open = |field: &str| may_open(caller.grant.role, field);
    let opening = Opening { key: key.as_ref(), id, may_open: &may_open };
    let language = caller.language();
    let told = if let Some(from) = from {
        Story::Difference(compare(&events, from, &programme, language, &opening)?)
    } else {
        let told = tell(&events, &programme, language, &opening)?;
        let (version, position) = (told.path.state.version(), told.path.position);
        Story::Whole(Whole { version, position, events: told.events, rules: told.rules })
    };
    let registration = path.state.state().registration.as_ref();
    let reference = registration.map(|registration| registration.reference);
    Ok(Unkept(HistoryAnswer { id, reference, told }))
}

/// Cuts the events to the moment that is asked for; of two moments, to the later, and gives the version
/// of the earlier.
fn cut(asked: &AskedHistory, events: &mut Vec<RecordedEvent>) -> Result<Option<Version>, ApiError> {
    let from = named("from", asked.from_version, asked.from_as_of)?;
    let to = named("to", asked.to_version, asked.to_as_of)?;
    if from.is_some() || to.is_some() {
        if asked.as_of.is_some() || asked.version.is_some() {
            return Err(ApiError::parameter("query", "as_of, version | from_..., to_..."));
        }
        let last = version_at("to_version", to, events)?;
        let first = version_at("from_version", from.or(Some(At::Version(Version::ZERO))), events)?;
        if first > last {
            return Err(ApiError::parameter("from_version", format!("0..{last}")));
        }
        events.retain(|event| event.sequence <= last.last_sequence());
        return Ok(Some(first));
    }
    check_reached(asked.version, events)?;
    events.retain(|event| {
        asked.version.is_none_or(|version| event.sequence <= version.last_sequence())
    });
    events.retain(|event| asked.as_of.is_none_or(|last| event.recorded_at <= last.0));
    if events.is_empty() { Err(ApiError::NotFound) } else { Ok(None) }
}

/// A moment of a path, as somebody names it.
#[derive(Clone, Copy)]
enum At {
    Version(Version),
    Time(PastMoment),
}

fn named(
    which: &str,
    version: Option<Version>,
    as_of: Option<PastMoment>,
) -> Result<Option<At>, ApiError> {
    match (version, as_of) {
        (Some(_), Some(_)) => Err(ApiError::parameter(
            format!("{which}_as_of"),
            format!("{which}_version | {which}_as_of"),
        )),
        (Some(version), None) => Ok(Some(At::Version(version))),
        (None, time) => Ok(time.map(At::Time)),
    }
}

/// The version that a moment comes to; the present one when none is named.
fn version_at(
    name: &str,
    moment: Option<At>,
    events: &[RecordedEvent],
) -> Result<Version, ApiError> {
    let of = |event: Option<&RecordedEvent>| {
        event.map_or(Version::ZERO, |event| Version::of(event.sequence))
    };
    let present = of(events.last());
    match moment {
        None => Ok(present),
        // A version that is not there yet would tell of a moment that has not been.
        Some(At::Version(version)) if version > present => {
            Err(ApiError::parameter(name, format!("0..{present}")))
        }
        Some(At::Version(version)) => Ok(version),
        Some(At::Time(PastMoment(time))) => {
            Ok(of(events.iter().rev().find(|event| event.recorded_at <= time)))
        }
    }
}
