//! A path as it is named on the command line, and who looks at it.

use sira_domain::path::Beneficiary;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, Reference};
use uuid::Uuid;

use super::CliError;
use crate::access_log::{AccessEntry, record_access};
use crate::app::Opened;
use crate::commands::{Loaded, alias_of};
use crate::journal::{RecordedEvent, StreamId};
use crate::keys::{Found, PersonKey};
use crate::say::Say;

/// What is said when there is nothing to show.
pub fn not_found(say: Say) -> CliError {
    CliError::IsFalse(
        say.pick("aucun parcours à ce nom, à ce moment", "no such path at that moment").to_owned(),
    )
}

/// The path of an id or a reference.
pub async fn find(opened: &Opened, text: &str, say: Say) -> Result<Uuid, CliError> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    let reference =
        Reference::try_new(text).map_err(|error| CliError::Usage(format!("{text}: {error}")))?;
    let found = opened.commands.journal().find_alias(&alias_of(reference)).await;
    let found = found.map_err(|error| CliError::failed("journal", error))?;
    found.map(|stream| stream.aggregate_id).ok_or_else(|| not_found(say))
}

/// The stream of a path.
pub fn stream_of(id: Uuid) -> StreamId {
    StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id }
}

/// Every event of a path.
pub async fn events_of(opened: &Opened, id: Uuid) -> Result<Vec<RecordedEvent>, CliError> {
    let events = opened.commands.journal().read_stream(&stream_of(id), 0).await;
    events.map_err(|error| CliError::failed("journal", error))
}

/// Records that somebody looks, before anything is shown.
pub async fn record_reading(
    opened: &Opened,
    actor: &ActorId,
    role: Role,
    action: &'static str,
    id: Uuid,
) -> Result<(), CliError> {
    let entry = AccessEntry {
        at: opened.commands.clock().now(),
        actor,
        role,
        action,
        stream: stream_of(id),
        request_id: "cli",
    };
    let recorded = record_access(opened.commands.journal(), &entry).await;
    recorded.map_err(|error| CliError::failed("journal", error))
}

/// The person's key; none when the person was erased.
pub async fn key_of(
    opened: &Opened,
    path: &Loaded<Beneficiary>,
) -> Result<Option<PersonKey>, CliError> {
    let state = path.state.state();
    let Some(key) = state.keys.last().filter(|_| !state.is_erased()) else { return Ok(None) };
    let failed = |error| CliError::failed("keys", error);
    match opened.commands.keys().get(*key).await.map_err(failed)? {
        Found::Key(key) => Ok(Some(key)),
        Found::Destroyed { .. } => Ok(None),
        Found::Unknown => {
            tracing::error!(key = %key, "a person's key is missing: what it sealed stays sealed");
            Ok(None)
        }
    }
}
