//! Every event of a programme, a cohort or a fund.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::{Resource, current};
use crate::commands::stream_id;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::present::{Opening, ShownEvent, show_event};

/// The history of a stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StreamHistory {
    /// The stream.
    id: Uuid,
    /// Sequence of its last event.
    version: u64,
    /// Its position.
    position: u64,
    /// The events, in order.
    events: Vec<ShownEvent>,
}

/// `GET /v1/{programmes,cohorts,funds}/{id}/history`. Nothing in it is sealed; whom it names, it names by
/// id.
pub async fn history<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Unkept<StreamHistory>, ApiError> {
    let found = current::<S>(&app, &caller, id).await?;
    let events = app.commands.journal().read_stream(&stream_id::<S>(id), 0).await?;
    let opening = Opening { key: None, id, may_open: &|_| false };
    let shown = events.iter().map(|event| show_event(event, false, caller.language(), &opening));
    let (version, position) = (found.state.version(), found.position);
    Ok(Unkept(StreamHistory { id, version, position, events: shown.collect() }))
}
