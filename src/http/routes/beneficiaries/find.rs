//! A path by its id or reference, for a caller who may see it.

use std::sync::Arc;

use sira_domain::path::Beneficiary;
use sira_domain::values::Reference;
use sira_numbers::Version;
use uuid::Uuid;

use crate::commands::{Loaded, stream_id};
use crate::grant::Scope;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::listing::record_readings;
use crate::journal::{RecordedEvent, StreamId};
use crate::keys::{FoundKey, PersonKey};

/// An id, or a reference as people type it.
pub async fn find_id(app: &App, text: &str) -> Result<Uuid, ApiError> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    let reference = Reference::try_new(text).map_err(ApiError::NotAReference)?;
    app.commands.path_of(reference).await?.ok_or(ApiError::NotFound)
}

/// The stream of a path.
pub fn stream_of(id: Uuid) -> StreamId {
    stream_id::<Beneficiary>(id)
}

/// The current path, if the caller may see it.
pub async fn current(
    app: &App,
    caller: &Caller,
    id: Uuid,
) -> Result<Arc<Loaded<Beneficiary>>, ApiError> {
    let path = match &caller.fresh {
        Some(fresh) => app.commands.since::<Beneficiary>(fresh, id).await?,
        None => app.commands.current_beneficiary(id).await?,
    };
    let path = path.ok_or(ApiError::NotFound)?;
    // The scope is that of today, for past moments too: who has handed a person over no longer
    // reads their past.
    if caller.grant.scope == Scope::All {
        return Ok(path);
    }
    let state = path.state.state();
    let programme = state.registration.as_ref().map(|registration| registration.programme.0);
    let programme = app.commands.known_programme(programme.unwrap_or_default()).await?;
    if caller.grant.scope.holds_path(state, &programme) {
        Ok(path)
    } else {
        // Not a word more than of one that is not there.
        Err(ApiError::NotFound)
    }
}

/// A path by what stands in its address, with its id, if the caller may see it.
pub async fn found(
    app: &App,
    caller: &Caller,
    named: &str,
) -> Result<(Uuid, Arc<Loaded<Beneficiary>>), ApiError> {
    let id = find_id(app, named).await?;
    Ok((id, current(app, caller, id).await?))
}

/// Recorded before it is shown: a crash in between leaves an entry for a reading that was not seen,
/// never a reading without its entry.
pub async fn log_access(
    app: &App,
    caller: &Caller,
    action: &'static str,
    stream: StreamId,
) -> Result<(), ApiError> {
    record_readings(app, caller, action, vec![stream]).await
}

/// Every event of a path.
pub async fn read_stream(app: &App, id: Uuid) -> Result<Vec<RecordedEvent>, ApiError> {
    Ok(app.commands.journal().read_stream(&stream_of(id), Version::ZERO).await?)
}

/// A version that somebody names is one that the stream has reached.
pub fn check_reached(asked: Option<Version>, events: &[RecordedEvent]) -> Result<(), ApiError> {
    let last = events.last().map_or(Version::ZERO, |event| Version::of(event.sequence));
    match asked.filter(|asked| *asked > last) {
        Some(_) => Err(ApiError::parameter("version", format!("0..{last}"))),
        None => Ok(()),
    }
}

/// The person's key; none when the person has been erased.
pub async fn key_of(app: &App, path: &Loaded<Beneficiary>) -> Result<Option<PersonKey>, ApiError> {
    let state = path.state.state();
    let Some(key) = state.keys.last().filter(|_| !state.is_erased()) else { return Ok(None) };
    match app.commands.keys().get(*key).await? {
        FoundKey::Key(key) => Ok(Some(key)),
        FoundKey::Destroyed { .. } => Ok(None),
        // Lost with the key store's last days, as after a restore: sealed for ever, and no reason to
        // withhold the rest. That the store is this journal's was made sure of at the start.
        FoundKey::Unknown => {
            tracing::error!(key = %key, "a person's key is missing: what it sealed stays sealed");
            Ok(None)
        }
    }
}
