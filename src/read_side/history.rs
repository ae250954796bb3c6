//! Whether the read models are of this journal's history, or of one that was put back: a position alone does not
//! say it.

use std::collections::BTreeSet;

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

/// Whether the rows of the read database are of another history than the journal's: they know an event that is not
/// there, or another one at its position.
///
/// # Errors
/// [`HistoryError`].
pub async fn is_of_another_history(
    journal: &Journal,
    store: &ReadStore,
) -> Result<bool, HistoryError> {
    // Read before the head: what a projection has taken in was committed by then.
    let stored = store.projections(journal.id()).await?;
    let known = store.known_history(journal.id()).await?;
    let head = journal.head().await?.position;
    if stored.iter().any(|one| one.position > head) {
        return Ok(true);
    }
    let marks = stored.into_iter().filter_map(|one| Some((one.position, one.leaf?.to_vec())));
    // Most stand at one position.
    let marks: BTreeSet<(Position, Vec<u8>)> = marks.chain(known).collect();
    for (position, leaf) in marks {
        if journal.leaf_at(position).await?.map(Vec::from) != Some(leaf) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The read database, made anew where its rows are of another history than the journal's. For who feeds it: others
/// would leave it empty.
///
/// # Errors
/// [`HistoryError`].
pub async fn of_this_history(
    journal: &Journal,
    store: ReadStore,
) -> Result<ReadStore, HistoryError> {
    if !is_of_another_history(journal, &store).await? {
        return Ok(store);
    }
    tracing::error!("the read models are of another history of this journal: they are made anew");
    Ok(store.made_anew(journal.id()).await?)
}

/// Marks where the journal stands, as the history that the read models are of; says whether they are of it. A mark
/// that the journal does not bear out stays, so that the next start sees it too: while a server runs its journal was
/// put back.
///
/// # Errors
/// [`HistoryError`].
pub async fn mark_history(journal: &Journal, store: &ReadStore) -> Result<bool, HistoryError> {
    let is_of_another = is_of_another_history(journal, store).await?;
    store.note_history(is_of_another);
    if is_of_another {
        return Ok(false);
    }
    let head = journal.head().await?.position;
    if let Some(hash) = journal.leaf_at(head).await? {
        store.mark_history(journal.id(), head, &hash).await?;
    }
    Ok(true)
}
