//! An event as it was recorded: in its present form, by whom, and in what circumstances.

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sira_domain::context::Context;
use sira_domain::programme::Programme;
use sira_domain::refusal::Refusal;
use sira_domain::role::Role;
use sira_domain::values::ActorId;

use crate::journal::RecordedEvent;
use crate::stored::read_event;

/// What is judged of the metadata: it repeats who recorded the event.
#[derive(Deserialize)]
pub(super) struct Recorded {
    actor: ActorId,
    role: Role,
}

/// The event in its present form, which must be of the type that its row says, and who recorded it.
pub(super) fn read<E: DomainEvent + DeserializeOwned>(
    event: &RecordedEvent,
) -> Result<(E, Recorded), String> {
    let fact: E = read_event(event).map_err(|_| "payload".to_owned())?;
    if fact.event_type() != event.event_type {
        return Err("event_type".to_owned());
    }
    let recorded = serde_json::from_str(&event.metadata).map_err(|_| "metadata".to_owned())?;
    Ok((fact, recorded))
}

pub(super) fn context(
    event: &RecordedEvent,
    by: &ActorId,
    recorded: &Recorded,
    occurred_on: NaiveDate,
    programme: Arc<Programme>,
) -> Context {
    Context {
        now: event.recorded_at,
        occurred_on: Some(occurred_on),
        backdating_reason: None,
        actor: by.clone(),
        role: recorded.role,
        subject: event.stream.aggregate_id,
        programme,
    }
}

/// Metadata and payload name the same actor, and the fact lies not after its recording.
pub(super) fn check_recorded(
    recorded: &Recorded,
    by: &ActorId,
    context: &Context,
) -> Result<(), String> {
    if recorded.actor != *by {
        return Err("actor".to_owned());
    }
    context.day().map(drop).map_err(told)
}

/// The rule's own word: a refusal's text may name what the stream is about.
#[expect(clippy::needless_pass_by_value, reason = "taken from `map_err`")]
pub(super) fn told(refusal: Refusal) -> String {
    refusal.rule().to_owned()
}
