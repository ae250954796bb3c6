//! A cohort or a fund as it is stored, with its proof.

use axum::extract::State;
use serde_json::Value;
use uuid::Uuid;

use super::veil::Veil;
use super::{Resource, current};
use crate::commands::stream_id;
use crate::http::App;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::contract::listing::record_readings;
use crate::http::routes::evidence::BundleFile;

/// `GET /v1/{cohorts,funds}/{id}/evidence`. An event that is proved is given whole or not at all: nobody is covered
/// in it, as a history covers those out of the caller's reach. So it is for those to whom the history covers nobody.
pub async fn bundle<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<BundleFile, ApiError> {
    let found = current::<S>(&app, &caller, id).await?;
    let stream = stream_id::<S>(id);
    let made = BundleFile::of(&app, &stream, found.position).await?;
    // Of what leaves, and not of what stood a moment before: somebody may have been recorded meanwhile.
    let facts: Vec<Value> =
        made.bundle().events.iter().map(|event| fact_of(&event.payload)).collect();
    let veil = Veil::over(&app, &caller, &facts).await?;
    if facts.iter().any(|fact| veil.covers(fact)) {
        return Err(ApiError::OutOfScope);
    }
    record_readings(&app, &caller, "evidence", vec![stream]).await?;
    Ok(made)
}

/// What an event says. Of one that cannot be read nobody knows whom it names: that is within the reach of those
/// alone who reach everybody.
fn fact_of(payload: &str) -> Value {
    let payload = serde_json::from_str(payload);
    let mut payload: Value = payload.unwrap_or_else(|_| Uuid::nil().to_string().into());
    match payload.get_mut("fact") {
        Some(fact) => fact.take(),
        None => payload,
    }
}
