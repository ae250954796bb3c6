//! Every event of a programme, a cohort or a fund.

use std::collections::BTreeSet;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sira_domain::retraction::is_retraction;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use super::veil::Veil;
use super::{Resource, current};
use crate::commands::stream_id;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::journal::RecordedEvent;
use crate::present::{Opening, ShownEvent, in_words, show_event};

/// The history of a stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamHistory {
    /// The stream.
    id: Uuid,
    /// Sequence of its last event.
    version: Version,
    /// Its position.
    position: Position,
    /// The events, in order.
    events: Vec<ShownEvent>,
}

/// `GET /v1/{programmes,cohorts,funds}/{id}/history`. Nothing in it is sealed; whom it names, it names by
/// id, and people out of the caller's reach are counted.
pub async fn history<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Unkept<StreamHistory>, ApiError> {
    let found = current::<S>(&app, &caller, id).await?;
    let events = app.commands.journal().read_stream(&stream_id::<S>(id), Version::ZERO).await?;
    let mut shown: Vec<ShownEvent> = {
        let opening = Opening { key: None, id, may_open: &|_| false };
        let retracted = retracted(&events);
        let shown = |event: &RecordedEvent| {
            let is_retracted = retracted.contains(&event.sequence.get());
            show_event(event, is_retracted, caller.language(), &opening)
        };
        events.iter().map(shown).collect()
    };
    let facts: Vec<Value> = shown.iter().map(|event| event.fact.clone()).collect();
    let veil = Veil::over(&app, &caller, &facts).await?;
    for event in &mut shown {
        veil.cover(&mut event.fact);
        // What is covered is not told in words either.
        event.in_words = in_words(&event.fact, caller.language());
    }
    let (version, position) = (found.state.version(), found.position);
    Ok(Unkept(StreamHistory { id, version, position, events: shown }))
}

/// The sequences of the events that were taken back.
fn retracted(events: &[RecordedEvent]) -> BTreeSet<u64> {
    let taken_back = |event: &RecordedEvent| {
        let payload: Value = serde_json::from_str(&event.payload).ok()?;
        payload["fact"][event.event_type.as_str()]["sequence"].as_u64()
    };
    let retractions = events.iter().filter(|event| is_retraction(&event.event_type));
    retractions.filter_map(taken_back).collect()
}
