//! An order of erasure.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::ERASURES;
use crate::commands::FormErrors;
use crate::http::App;
use crate::http::contract::answer::Unkept;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::{Body, FormBody};
use crate::retention::{Order, OrderForm, OrderedErasure, carry_out};

/// An order that was carried out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Erasures {
    /// The order's id.
    order: Uuid,
    /// What became of each of those named.
    items: Vec<OrderedErasure>,
}

impl Body for Order {
    type Schema = OrderForm;

    fn read(body: Value) -> Result<Self, FormErrors> {
        Self::read(body)
    }
}

/// `POST /v1/retention/erasures`. An order has no version of its own that somebody could expect.
pub async fn erasures(
    State(app): State<App>,
    caller: Caller,
    FormBody { form: order, bytes }: FormBody<Order>,
) -> Result<Unkept<Erasures>, ApiError> {
    let call = caller.call(&app, &format!("POST {ERASURES}"), &bytes).await?;
    let (order, items) = carry_out(&app.commands, order, call, caller.language()).await?;
    Ok(Unkept(Erasures { order, items }))
}
