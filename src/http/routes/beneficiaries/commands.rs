//! What may be done with a path now.

use axum::extract::State;
use sira_domain::path::Beneficiary;

use super::find::find_id;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;
use crate::http::routes::streams::{AvailableCommands, available};

/// `GET /v1/beneficiaries/{id}/commands`.
pub async fn commands(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Result<Unkept<AvailableCommands>, ApiError> {
    let id = find_id(&app, &id).await?;
    available::<Beneficiary>(&app, &caller, id).await
}
