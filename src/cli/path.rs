//! A path as it is named on the command line, and who looks at it.

use sira_domain::path::Beneficiary;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, Reference};
use sira_numbers::Version;
use uuid::Uuid;

use super::CliError;
use crate::access_log::{AccessEntry, record_access};
use crate::app::Opened;
use crate::commands::{FieldError, Loaded};
use crate::journal::{RecordedEvent, StreamId};
use crate::keys::{FoundKey, PersonKey};
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
    let reference = Reference::try_new(text).map_err(|error| {
        let rule = FieldError::of_value("", &error).detail(say.0);
        CliError::Usage(format!("{text}: {rule}"))
    })?;
    let found = opened.commands.path_of(reference).await;
    found.map_err(|error| CliError::failed("journal", error))?.ok_or_else(|| not_found(say))
}

/// The stream of a path.
pub fn stream_of(id: Uuid) -> StreamId {
    StreamId { aggregate_type: Beneficiary::TYPE.into(), aggregate_id: id }
}

/// Every event of a path.
pub async fn events_of(opened: &Opened, id: Uuid) -> Result<Vec<RecordedEvent>, CliError> {
    let events = opened.commands.journal().read_stream(&stream_of(id), Version::ZERO).await;
    events.map_err(|error| CliError::failed("journal", error))
}

/// Records that somebody looks, before anything is shown. Who sits at the machine may type any name, so it is
/// recorded beside the account that they work under, as `local:NAME@ACCOUNT`: no name of a token's.
pub async fn record_reading(
    opened: &Opened,
    actor: &ActorId,
    role: Role,
    action: &'static str,
    id: Uuid,
) -> Result<(), CliError> {
    let actor = recorded_as(actor)?;
    let entry = AccessEntry {
        at: opened.commands.clock().now(),
        actor: &actor,
        role,
        action,
        stream: stream_of(id),
        request_id: "cli",
    };
    let recorded = record_access(opened.commands.journal(), &entry).await;
    recorded.map_err(|error| CliError::failed("journal", error))
}

/// The name of who reads on the command line.
fn recorded_as(actor: &ActorId) -> Result<ActorId, CliError> {
    let typed = actor.as_str().strip_prefix("local:").unwrap_or(actor.as_str());
    let name = format!("local:{typed}@{}", account());
    ActorId::try_new(&name).map_err(|error| CliError::Usage(format!("--actor: {error}")))
}

/// The account that this process runs under: its name in the machine's list, or its number.
fn account() -> String {
    let number = rustix::process::geteuid().as_raw().to_string();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_number = |line: &&str| line.split(':').nth(2) == Some(number.as_str());
    let name = list.lines().find(of_number).and_then(|line| line.split(':').next());
    let is_plain = |name: &&str| {
        name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
    };
    name.filter(is_plain).map_or(number.clone(), str::to_owned)
}

/// The person's key; none when the person was erased.
pub async fn key_of(
    opened: &Opened,
    path: &Loaded<Beneficiary>,
) -> Result<Option<PersonKey>, CliError> {
    let state = path.state.state();
    let Some(key) = state.keys.last().filter(|_| !state.is_erased()) else { return Ok(None) };
    // What is sealed stays sealed, and that was said.
    if !opened.commands.keys().is_here() {
        return Ok(None);
    }
    let failed = |error| CliError::failed("keys", error);
    match opened.commands.keys().get(*key).await.map_err(failed)? {
        FoundKey::Key(key) => Ok(Some(key)),
        FoundKey::Destroyed { .. } => Ok(None),
        FoundKey::Unknown => {
            tracing::error!(key = %key, "a person's key is missing: what it sealed stays sealed");
            Ok(None)
        }
    }
}
