//! Many paths of one adviser given to another.

use axum::extract::State;
use serde_json::Value;

use super::REASSIGNMENTS;
use crate::commands::FormErrors;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Body, FormBody};
use crate::reassignment::{Reassignment, ReassignmentReport, reassign};

impl Body for Reassignment {
    type Schema = Self;

    fn read(body: Value) -> Result<Self, FormErrors> {
        Self::read(body)
    }
}

/// `POST /v1/reassignments`. An order has no version of its own that somebody could expect.
pub async fn reassignments(
    State(app): State<App>,
    caller: Caller,
    FormBody { form: order, bytes }: FormBody<Reassignment>,
) -> Result<Unkept<ReassignmentReport>, ApiError> {
    let call = caller.call(&app, &format!("POST {REASSIGNMENTS}"), &bytes).await?;
    let reach = caller.grant.scope.reach();
    let language = caller.language();
    Ok(Unkept(reassign(&app.commands, &app.read, &reach, order, call, language).await?))
}
