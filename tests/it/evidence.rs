//! The evidence: who signs, what is proved, and who is caught.

mod bundles;
mod large;
pub mod marks;
mod notes;
mod oracles;
mod proofs;
mod recovery;
mod shared_bundles;
mod signing;
mod tampering;
mod tile_files;
mod vectors;
mod witnessing;

use sira::evidence::verify::{CheckReport, Options, verify};
use sira::evidence::{NoteKey, VerifierKey};
use sira::journal::Journal;
use tokio::sync::watch;

use crate::api::app::SIGNING_KEY;

/// The log's verifier key in tests.
fn log_key() -> VerifierKey {
    SIGNING_KEY.parse::<NoteKey>().unwrap().verifier()
}

/// Checks a journal against the key of the tests.
async fn check(journal: &Journal) -> CheckReport {
    check_with(journal, Options { key: Some(log_key()), ..Options::default() }).await
}

async fn check_with(journal: &Journal, options: Options) -> CheckReport {
    verify(journal, &options, &watch::Sender::default()).await.unwrap()
}
