//! `POST /v1/open-call/{programme}`: an application of somebody without an account.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use serde_json::Value;
use uuid::Uuid;

use crate::commands::FormErrors;
use crate::http::App;
use crate::http::contract::answer::TakenIn;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Body, FormBody, Named};
use crate::http::contract::operation::Input;
use crate::http::server::gate::GateVisit;
use crate::open_call::{ApplicationForm, ApplicationFormBody, Received, receive};

/// Somebody without an account whose address has not sent too many: asked before the body is read.
pub struct Stranger;

impl FromRequestParts<App> for Stranger {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        app.gate.take_application(parts.extensions.get::<GateVisit>())?;
        Ok(Self)
    }
}

/// Whence a request comes is no part of the contract.
impl Input for Stranger {}

impl Body for ApplicationForm {
    type Schema = ApplicationFormBody;

    fn read(body: Value) -> Result<Self, FormErrors> {
        Self::read(body)
    }
}

/// `POST /v1/open-call/{programme}`.
pub async fn apply(
    State(app): State<App>,
    _: Stranger,
    Named(programme): Named<Uuid>,
    FormBody { form, .. }: FormBody<ApplicationForm>,
) -> Result<TakenIn<Received>, ApiError> {
    Ok(TakenIn(receive(&app.commands, programme, form).await?))
}
