//! The keys that checkpoints are checked with.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence;
use crate::http::App;
use crate::http::contract::answer::Plain;
use crate::http::contract::error::ApiError;

/// The keys of a log, and its witnesses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifierKeys {
    /// The log's name.
    origin: String,
    /// The verifier key of the present signing key.
    key: String,
    /// The verifier key of the first one: what a reader must know from elsewhere.
    first_key: String,
    /// Later keys, in order.
    introductions: Vec<IntroducedKey>,
    /// Names of the witnesses.
    witnesses: Vec<String>,
    /// How many of them must have signed what is published.
    quorum: usize,
}

/// A key that was introduced by the one before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntroducedKey {
    /// Its verifier key.
    key: String,
    /// Checkpoints of this size and larger are signed by it.
    from_size: u64,
    /// The statement, a signed note.
    note: String,
}

/// `GET /v1/evidence/key`.
pub async fn keys(State(app): State<App>) -> Result<Plain<VerifierKeys>, ApiError> {
    let evidence = evidence(&app)?;
    let keys = evidence.keys().await?;
    let introduced = keys.introductions.iter().map(|one| IntroducedKey {
        key: one.key.to_string(),
        from_size: one.position.get(),
        note: one.note.to_string(),
    });
    let witnesses = evidence.witnesses();
    Ok(Plain(VerifierKeys {
        origin: keys.first.name().to_owned(),
        key: keys.current().to_string(),
        first_key: keys.first.to_string(),
        introductions: introduced.collect(),
        witnesses: witnesses.names().iter().map(ToString::to_string).collect(),
        quorum: witnesses.quorum,
    }))
}
