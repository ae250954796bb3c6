//! Whether the read models are of this journal's history, or of one that was put back: a position alone does not
//! say it.

use sira_numbers::Position;
use sira_projections::{ReadError, ReadStore};

use crate::journal::{Journal, JournalError};

/// Why the read models could not be held against the journal.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The read database failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The read database, made anew where its rows are of another history than the journal's.
///
/// # Errors
/// [`HistoryError`].
pub async fn of_this_history(
    journal: &Journal,
    store: ReadStore,
) -> Result<ReadStore, HistoryError> {
    // Read before the head: what a projection has taken in was committed by then.
    let (furthest, known) =
        (store.furthest(journal.id()).await?, store.known_history(journal.id()).await?);
    let head = journal.head().await?.position;
    let is_other = match known {
        _ if furthest > head => true,
        Some((position, hash)) => leaf_at(journal, position).await? != Some(hash),
        None => false,
    };
    if !is_other {
        return Ok(store);
    }
    tracing::error!(
        read_models_at = furthest.get(),
        journal_at = head.get(),
        "the read models are of another history of this journal: they are made anew"
    );
    Ok(store.made_anew(journal.id()).await?)
}

/// Marks where the journal stands, as the history that the read models are of.
///
/// # Errors
/// [`HistoryError`].
pub async fn mark_history(journal: &Journal, store: &ReadStore) -> Result<(), HistoryError> {
    let head = journal.head().await?.position;
    if let Some(hash) = leaf_at(journal, head).await? {
        store.mark_history(journal.id(), head, &hash).await?;
    }
    Ok(())
}

/// The leaf hash of the event at a position; none where there is none.
async fn leaf_at(journal: &Journal, position: Position) -> Result<Option<Vec<u8>>, JournalError> {
    if position == Position::START {
        return Ok(None);
    }
    let events = journal.read_feed(position.before(), 1).await?;
    let found = events.first().filter(|event| event.position == position);
    Ok(found.map(|event| event.leaf_hash.to_vec()))
}
