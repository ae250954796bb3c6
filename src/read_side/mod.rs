//! The read side: what feeds the projections, and what asks them.
//!
//! The projections know neither journal nor key store; this is where both are handed to them.

mod duplicates;
mod feed;
mod history;
mod keys;
mod lag;
mod renewal;

pub use duplicates::{Duplicate, DuplicateFinder, Lookup, MAX_ANSWERED};
pub use feed::JournalFeed;
pub use history::{HistoryError, is_of_another_history, mark_history, of_this_history};
pub use keys::OpenedKeys;
pub use lag::{ProjectionLag, live_lags, names as projection_names, stored_lags};
pub use renewal::{IndexRenewal, RenewalError};

use sira_projections::case_identity::CaseIdentity;
use sira_projections::{ReadStore, Runner};

use crate::journal::Journal;
use crate::keys::KeyStore;

/// Starts every projection. Must be called within a Tokio runtime.
#[must_use]
pub fn start_projections(
    journal: &Journal,
    keys: &KeyStore,
    store: &ReadStore,
) -> Runner<JournalFeed> {
    let feed = JournalFeed::new(journal.clone());
    let mut runner = Runner::new(feed.clone(), store.clone());
    runner.start(CaseIdentity::new(feed, OpenedKeys::new(keys.clone())));
    runner.start_models();
    runner
}
