//! Routes of the evidence: the signed checkpoint, proofs, tiles, witnesses' signatures.

mod bundle;
mod checkpoint;
mod consistency;
mod cosign;
mod inclusion;
mod keys;
mod tile;

use std::time::Duration;

pub(super) use bundle::BundleFile;

use crate::evidence::{Evidence, EvidenceError};
use crate::http::App;
use crate::http::contract::access::Access::{AnyRole, Hashes, Roles};
use crate::http::contract::access::{ENTRY_READERS, WITNESSES};
use crate::http::contract::endpoint::{Endpoint, Tag};

const TAG: Tag = Tag("evidence");
/// How long a reader waits for the checkpoint that covers what was recorded just now.
const WAIT_WITHIN: Duration = Duration::from_secs(3);

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/v1/evidence/checkpoint",
            Hashes,
            (TAG, "get-checkpoint"),
            "The published checkpoint: size and root of the tree of all events, signed (C2SP tlog-checkpoint). Without a token where hashes are public.",
            checkpoint::checkpoint,
        ),
        Endpoint::get(
            "/v1/evidence/key",
            AnyRole,
            (TAG, "get-verifier-keys"),
            "The verifier keys that checkpoints are checked with, and the witnesses.",
            keys::keys,
        ),
        Endpoint::get(
            "/v1/evidence/inclusion",
            AnyRole,
            (TAG, "prove-inclusion"),
            "Proves that an event is in the tree.",
            inclusion::inclusion,
        )
        .meeting(&[404]),
        Endpoint::get(
            "/v1/evidence/consistency",
            AnyRole,
            (TAG, "prove-consistency"),
            "Proves that a tree extends an older one.",
            consistency::consistency,
        ),
        Endpoint::get(
            "/v1/evidence/tile/{*tile}",
            Hashes,
            (TAG, "get-tile"),
            "A tile of the tree's hashes (C2SP tlog-tiles). Without a token where hashes are public.",
            tile::hashes,
        ),
        Endpoint::get(
            "/v1/evidence/tile/entries/{*tile}",
            Roles(ENTRY_READERS),
            (TAG, "get-entry-tile"),
            "A tile of entries (C2SP tlog-tiles), for those who reach everything.",
            tile::entries,
        ),
        Endpoint::post(
            "/v1/evidence/cosignatures",
            Roles(WITNESSES),
            (TAG, "add-cosignatures"),
            "Takes what a known witness has signed of a checkpoint (C2SP tlog-cosignature).",
            cosign::cosign,
        )
        .meeting(&[503]),
    ]
}

/// This process's evidence; a process that was started without has none.
fn evidence(app: &App) -> Result<&Evidence, EvidenceError> {
    app.evidence.as_ref().ok_or(EvidenceError::NotCovered)
}
