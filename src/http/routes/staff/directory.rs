//! The directory of a programme's staff.

use axum::extract::State;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;
use sira_domain::programme::StaffPost;
use sira_domain::role::Role;
use sira_domain::values::{ActorId, OfficeCode};
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
    items: Vec<DirectoryPost>,
}

/// A post of the directory.
#[derive(Debug, Serialize, JsonSchema)]
struct DirectoryPost {
    /// The name in their token.
    actor: ActorId,
    /// The role that they work in.
    role: Role,
    /// The office that they work at; every office of the programme when left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    office: Option<OfficeCode>,
    /// The name that colleagues call them by; left out where none was told, or it was erased.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    name: Option<String>,
    /// Whether the name is stored sealed, and can be erased.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    sealed: bool,
    /// First day.
    from: NaiveDate,
    /// Last day; none while no end is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<NaiveDate>,
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
    let mut items = Vec::new();
    for post in programme.staff.iter().filter(is_within) {
        let StaffPost { actor, role, office, from, to, sealed_name, .. } = post.clone();
        let name = app.commands.staff_name(id, post).await?;
        let sealed = sealed_name.is_some();
        items.push(DirectoryPost { actor, role, office, name, sealed, from, to });
    }
    Ok(Unkept(StaffDirectory { items }))
}
