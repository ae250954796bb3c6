//! Takes witnesses' signatures.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence;
use crate::evidence::{EvidenceError, Note};
use crate::http::App;
use crate::http::contract::answer::Plain;
use crate::http::contract::error::ApiError;
use crate::http::contract::input::NoteBody;

/// What was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TakenSignatures {
    /// Names of the witnesses whose signatures were taken.
    taken: Vec<String>,
}

/// `POST /v1/evidence/cosignatures`.
pub async fn cosign(
    State(app): State<App>,
    NoteBody(body): NoteBody,
) -> Result<Plain<TakenSignatures>, ApiError> {
    let note = read_note(&body)?;
    let taken = evidence(&app)?.take_cosignatures(&note).await.map_err(refusal)?;
    Ok(Plain(TakenSignatures { taken: taken.iter().map(ToString::to_string).collect() }))
}

fn unsigned(rule: &'static str, detail: &impl ToString) -> ApiError {
    ApiError::Unsigned { rule, detail: detail.to_string() }
}

fn read_note(body: &[u8]) -> Result<Note, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| unsigned("signed_note", &"UTF-8"))?;
    text.parse::<Note>().map_err(|error| unsigned("signed_note", &error))
}

/// What is the witness's fault is said of its note; the rest is ours.
fn refusal(error: EvidenceError) -> ApiError {
    match error {
        EvidenceError::Note(_) | EvidenceError::Checkpoint(_) => unsigned("cosignature", &error),
        EvidenceError::Contradiction { .. } => unsigned("other_checkpoint", &error),
        EvidenceError::NotCovered => unsigned("unknown_checkpoint", &"size"),
        error => error.into(),
    }
}
