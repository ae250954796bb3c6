//! The keys that checkpoints are checked with.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use sira_numbers::Position;

use super::evidence;
use crate::evidence::{Note, VerifierKey};
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
    /// The recovery key that may introduce the next key when the present one is lost; none where none is named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    recovery_key: Option<String>,
    /// The recovery keys that were named, in order: each stands for the key that named it, until another is named.
    recovery_keys: Vec<IntroducedKey>,
    /// Names of the witnesses.
    witnesses: Vec<String>,
    /// How many of them must have signed what is published.
    quorum: usize,
}

/// A key that another has introduced or named, which has signed the statement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IntroducedKey {
    /// Its verifier key.
    key: String,
    /// Checkpoints of this size and larger are signed by it; a recovery key is named from there on, and signs none.
    from_size: u64,
    /// The statement, a signed note.
    note: String,
}

/// `GET /v1/evidence/key`.
pub async fn keys(State(app): State<App>) -> Result<Plain<VerifierKeys>, ApiError> {
    let evidence = evidence(&app)?;
    let keys = evidence.keys().await?;
    let shown = |position: Position, key: &VerifierKey, note: &Note| IntroducedKey {
        key: key.to_string(),
        from_size: position.get(),
        note: note.to_string(),
    };
    let introduced = keys.introductions.iter().map(|one| shown(one.position, &one.key, &one.note));
    let recovery = keys.recovery_keys.iter().map(|one| shown(one.position, &one.key, &one.note));
    let witnesses = evidence.witnesses();
    Ok(Plain(VerifierKeys {
        origin: keys.first.name().to_owned(),
        key: keys.current().to_string(),
        first_key: keys.first.to_string(),
        introductions: introduced.collect(),
        recovery_key: keys.recovery_key().map(ToString::to_string),
        recovery_keys: recovery.collect(),
        witnesses: witnesses.names().iter().map(ToString::to_string).collect(),
        quorum: witnesses.quorum,
    }))
}
