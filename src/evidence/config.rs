//! What the configuration says of the evidence.

use serde::Deserialize;

use super::signed_tree::Witnesses;
use sira_evidence::{Algorithm, NoteError, VerifierKey};

/// Most witnesses: a checkpoint with all their signatures stays below what anybody refuses.
pub const WITNESSES_MAX: usize = 16;

/// The `[evidence]` table of `sira.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceConfig {
    /// The log's name, for a signing key that is made on first start; afterwards the key's name stands.
    pub origin: Option<String>,
    /// The verifier keys of witnesses.
    pub witnesses: Vec<String>,
    /// How many of them must have signed a checkpoint before it is published; none when left out.
    pub quorum: Option<usize>,
    /// Whether the published checkpoint and the tiles of hashes are given without a token.
    pub public_hashes: bool,
}

/// A configuration that cannot be met.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceConfigError {
    /// A witness's key is none.
    #[error("evidence.witnesses")]
    Key(#[from] NoteError),
    /// A key does not cosign.
    #[error("evidence.witnesses: {0} is no key of a witness")]
    NoWitness(String),
    /// More are asked for than there are, or there are too many.
    #[error(
        "evidence.quorum: at most as many as there are witnesses, who are at most {WITNESSES_MAX}"
    )]
    Quorum,
}

impl EvidenceConfig {
    /// Whose cosignatures count, and how many are needed.
    ///
    /// # Errors
    /// [`EvidenceConfigError`].
    pub fn witnesses(&self) -> Result<Witnesses, EvidenceConfigError> {
        let keys = self.witnesses.iter().map(|key| key.parse::<VerifierKey>());
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
        if let Some(other) = keys.iter().find(|key| key.algorithm() != Algorithm::Cosignature) {
            return Err(EvidenceConfigError::NoWitness(other.to_string()));
        }
        // One witness named twice is one witness.
        keys.sort_by_key(ToString::to_string);
        keys.dedup();
        let quorum = self.quorum.unwrap_or(0);
        if quorum > keys.len() || keys.len() > WITNESSES_MAX {
            return Err(EvidenceConfigError::Quorum);
        }
        Ok(Witnesses { keys, quorum })
    }
}
