//! Where a programme, a cohort or a fund stands.

use axum::extract::State;
use uuid::Uuid;

use super::veil::Veil;
use super::{Resource, current};
use crate::figures::is_told_published;
use crate::http::App;
use crate::http::contract::answer::AtVersion;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{IfNoneMatch, Named};

/// `GET /v1/{programmes,cohorts,funds}/{id}`.
pub async fn show<S: Resource>(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
    known: IfNoneMatch,
) -> Result<AtVersion<S::Shown>, ApiError> {
    let found = current::<S>(&app, &caller, id).await?;
    let (version, position) = (found.state.version(), found.position);
    if known.holds(version) {
        return Ok(AtVersion::unchanged(version, position));
    }
    let mut shown = serde_json::to_value(&found.state).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("id".into(), id.to_string().into());
        shown.insert("position".into(), position.get().into());
        found.state.derived(shown);
    }
    if is_told_published(&caller.grant)
        && let Some(fields) = shown.as_object_mut()
    {
        fields.retain(|name, _| !S::MOVES_WITH_ONE_PERSON.contains(&name.as_str()));
    }
    Veil::over(&app, &caller, std::slice::from_ref(&shown)).await?.cover(&mut shown);
    let body = serde_json::to_vec(&shown).unwrap_or_default().into();
    Ok(AtVersion::of_bytes(body, version, position))
}
