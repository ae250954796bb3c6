//! What becomes of the journal's errors and outcomes in the words of `cqrs-es`. The cause is kept: whoever
//! must tell "nothing was recorded" from "nobody knows" finds the [`JournalError`] in the box.

use cqrs_es::persist::PersistenceError;

use crate::{AppendOutcome, JournalError};

/// An answer that no request of this module can get.
#[derive(Debug, thiserror::Error)]
#[error("the journal answered what was not asked: {0}")]
pub(super) struct Unasked(String);

impl From<JournalError> for PersistenceError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Busy | JournalError::Closed | JournalError::Database(_) => {
                Self::ConnectionError(Box::new(error))
            }
            JournalError::Inconsistent { .. } => Self::DeserializationError(Box::new(error)),
            other => Self::UnknownError(Box::new(other)),
        }
    }
}

/// Whether a request without key, alias and guard was recorded.
///
/// # Errors
/// `OptimisticLockError` when the stream has moved on: somebody else was first.
pub(super) fn recorded(outcome: AppendOutcome) -> Result<(), PersistenceError> {
    match outcome {
        AppendOutcome::Committed(_) => Ok(()),
        AppendOutcome::Stale { .. } => Err(PersistenceError::OptimisticLockError),
        other => Err(PersistenceError::UnknownError(Box::new(Unasked(format!("{other:?}"))))),
    }
}
