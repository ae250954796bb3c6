//! The directory of a programme's staff.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::programme::StaffPost;
use uuid::Uuid;

use super::super::streams::reached_programme;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::Named;

/// The directory: who works for a programme, in which role, from which office, from when to when.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StaffDirectory {
    /// Its posts, in the order of their additions; those that ended too.
    items: Vec<StaffPost>,
}

/// `GET /v1/programmes/{id}/staff`: posts at offices within reach, and those of every office; nothing of a
/// programme of which no office is within reach.
pub async fn directory(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<Uuid>,
) -> Result<Unkept<StaffDirectory>, ApiError> {
    let programme = reached_programme(&app, &caller, id).await?;
    let (programme, scope) = (&programme.state, &caller.grant.scope);
    let is_within = |post: &&StaffPost| {
        post.office.as_ref().is_none_or(|office| scope.holds_office(id, office, programme))
    };
    Ok(Unkept(StaffDirectory {
        items: programme.staff.iter().filter(is_within).cloned().collect(),
    }))
}
