//! Proves that a tree extends an older one.

use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence;
use crate::evidence::encoding::encode_all;
use crate::http::App;
use crate::http::contract::answer::Plain;
use crate::http::contract::error::ApiError;
use crate::http::contract::query::Query;

/// Between which trees.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AskedConsistency {
    /// Size of the older tree.
    #[schemars(range(min = 1))]
    from: std::num::NonZeroU64,
    /// Size of the newer one: that of the published checkpoint when left out.
    #[schemars(range(min = 1))]
    to: Option<std::num::NonZeroU64>,
}

/// A proof of consistency (RFC 6962).
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsistencyProof {
    /// Size of the older tree.
    from: u64,
    /// Size of the newer one.
    to: u64,
    /// The hashes of the proof, in base 64.
    proof: Vec<String>,
}

/// `GET /v1/evidence/consistency`.
pub async fn consistency(
    State(app): State<App>,
    asked: Query<AskedConsistency>,
) -> Result<Plain<ConsistencyProof>, ApiError> {
    let evidence = evidence(&app)?;
    let newest = evidence.newest()?.checkpoint.size;
    let from = asked.from.get();
    let to = match asked.to {
        Some(to) => to.get(),
        None => evidence.published()?.checkpoint.size,
    };
    if from > to || to > newest {
        let expected = format!("1 <= from <= to <= {newest}");
        return Err(ApiError::parameter("from, to", expected));
    }
    let proof = evidence.consistency(from, to).await?;
    Ok(Plain(ConsistencyProof { from, to, proof: encode_all(&proof) }))
}
