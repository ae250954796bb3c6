//! Proves that an event is in the tree.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sira_numbers::Position;

use super::{WAIT_WITHIN, evidence};
use crate::evidence::encoding::{encode, encode_all};
use crate::evidence::{EvidenceError, SignedTree};
use crate::http::App;
use crate::http::contract::answer::Plain;
use crate::http::contract::error::ApiError;
use crate::http::contract::query::Query;

/// Of which event, in which tree.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedInclusion {
    /// Position of the event.
    #[schemars(range(min = 1))]
    position: std::num::NonZeroU64,
    /// Size of the tree: that of the published checkpoint when left out.
    #[schemars(range(min = 1))]
    size: Option<std::num::NonZeroU64>,
}

/// A proof of inclusion (RFC 6962).
#[derive(Debug, Serialize, JsonSchema)]
pub struct InclusionProof {
    /// Position of the event.
    position: Position,
    /// Its leaf's index, from 0.
    leaf_index: u64,
    /// Its leaf's hash, in base 64.
    leaf_hash: String,
    /// Size of the tree.
    size: u64,
    /// The hashes beside the way to the root, the lowest first, in base 64.
    proof: Vec<String>,
    /// The published checkpoint, a signed note, when it is of this size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(with = "String")]
    checkpoint: Option<String>,
}

/// `GET /v1/evidence/inclusion`.
pub async fn inclusion(
    State(app): State<App>,
    asked: Query<AskedInclusion>,
) -> Result<Plain<InclusionProof>, ApiError> {
    let (position, size) = (asked.position.get(), asked.size.map(std::num::NonZero::get));
    let last = Position::of_count(size.unwrap_or(position).max(position));
    let published = covering(&app, last).await?;
    let size = size.unwrap_or(published.checkpoint.size);
    if size < position {
        return Err(ApiError::parameter("size", format!("{position}..")));
    }
    let position = Position::of_count(position);
    let found = evidence(&app)?.inclusion(position, size).await?;
    let is_published = size == published.checkpoint.size;
    Ok(Plain(InclusionProof {
        position,
        leaf_index: position.before().get(),
        leaf_hash: encode(&found.leaf),
        size,
        proof: encode_all(&found.proof),
        checkpoint: is_published.then(|| published.note.to_string()),
    }))
}

/// A published checkpoint that covers a position: waited for when it was recorded just now, and not
/// found when it was not.
async fn covering(app: &App, position: Position) -> Result<Arc<SignedTree>, ApiError> {
    let evidence = evidence(app)?;
    let covers = |one: &Arc<SignedTree>| one.checkpoint.size >= position.get();
    if let Some(published) = evidence.published().ok().filter(covers) {
        return Ok(published);
    }
    if app.commands.journal().head().await?.position < position {
        return Err(ApiError::NotFound);
    }
    let published = evidence.covering(position, WAIT_WITHIN).await;
    Ok(published.ok().filter(covers).ok_or(EvidenceError::NotCovered)?)
}
