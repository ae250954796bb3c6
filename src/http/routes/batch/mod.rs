//! Many commands in one request: what a device has kept while it had no line, or a program brings.
//!
//! A line is a command as it would be sent by itself, with its own idempotency key, and has the answer that it
//! would have then. What is sent by itself and again in a batch is done once.

mod answer;
mod given;
mod line;
mod run;
mod together;

use axum::extract::State;
use axum::http::Extensions;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;

use super::super::contract::endpoint::{Endpoint, Tag};
use crate::commands::{FieldError, FormRule};
use crate::http::App;
use crate::http::contract::access::Access::Roles;
use crate::http::contract::access::COMMANDERS;
use crate::http::contract::caller::Caller;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::LinesBody;
use crate::http::contract::query::Query;
use crate::http::server::gate::GateVisit;
use answer::BatchAnswers;
use given::Batch;
use line::BatchLine;

/// The route.
const BATCH: &str = "/v1/batch";
/// Commands of one batch.
const LINES_MAX: usize = 500;
/// Bytes of one batch.
const BODY_MAX_BYTES: usize = 4 << 20;

/// How a batch is taken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchAsked {
    /// Whether all of it is recorded or nothing. Then each line is a command on a path that reaches no other path,
    /// and destroys nothing.
    #[serde(default)]
    atomic: bool,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let batch = Endpoint::post(
        BATCH,
        Roles(COMMANDERS),
        (Tag("batch"), "post-batch"),
        "Up to 500 commands, one a line, each with its own idempotency key and its own answer: in order within a stream, and one that is refused fails no other, or all or nothing.",
        batch,
    );
    vec![batch.taking(LinesBody::MEDIA_TYPE, line_schema).up_to(BODY_MAX_BYTES)]
}

fn line_schema(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<BatchLine>().into()
}

/// `POST /v1/batch`.
async fn batch(
    State(app): State<App>,
    caller: Caller,
    asked: Query<BatchAsked>,
    extensions: Extensions,
    LinesBody(bytes): LinesBody,
) -> Result<BatchAnswers, ApiError> {
    let lines = line::split(&bytes);
    if !(1..=LINES_MAX).contains(&lines.len()) {
        let rule = FormRule::ListLength { min: 1, max: Some(LINES_MAX as u64) };
        return Err(FieldError::new("", rule).into());
    }
    // The request itself was counted as it came in.
    let more = u32::try_from(lines.len() - 1).unwrap_or(u32::MAX);
    app.gate.take_more(&caller.grant, extensions.get::<GateVisit>(), more)?;
    let mut batch = Batch::read(&app, &lines).await;
    if asked.atomic {
        together::run(&app, &caller, &mut batch).await?;
    } else {
        run::run(&app, &caller, &batch).await;
    }
    Ok(BatchAnswers::of(&caller, &batch))
}
