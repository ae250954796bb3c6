//! The reasons for which a command is not carried out.

use sira_domain::refusal::Refusal;
use sira_numbers::Version;

use super::form::FormErrors;
use crate::documents::DocumentError;
use crate::journal::{JournalError, StreamId};
use crate::keys::KeysError;
use crate::stored::Unreadable;

/// The reason for which a command was not carried out. Nothing has been appended in any of these
/// cases but [`JournalError::InDoubt`].
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The body does not have the command's form.
    #[error("the body is not valid: {0}")]
    Form(#[from] FormErrors),
    /// A rule forbids it.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// There is no such stream, or it is out of the caller's reach.
    #[error("no such stream")]
    NotFound,
    /// The stream that the command would begin is not within the caller's scope.
    #[error("out of the caller's scope")]
    OutOfScope,
    /// No command has this word.
    #[error("no such command")]
    NoSuchCommand,
    /// The caller named a version that is not the current one.
    #[error("the version is {current}, not {expected}")]
    PreconditionFailed {
        /// The version that the caller named.
        expected: Version,
        /// The version that stands.
        current: Version,
    },
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body")]
    KeyReused,
    /// The journal's table of second names leads to a stream that was never given the name: somebody has
    /// changed it. Nothing is done to that stream, and nothing of it is shown.
    #[error("a second name leads to {stream}, which does not bear it: `sira verify` names it")]
    Misnamed {
        /// Where the table leads.
        stream: StreamId,
    },
    /// The stream kept moving.
    #[error("the stream moved {0} times while the decision was taken")]
    Contended(u32),
    /// A stored event cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The key store failed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The document store failed.
    #[error(transparent)]
    Documents(#[from] DocumentError),
}

impl CommandError {
    /// Whether it is a no that another state of the streams might have made a yes.
    pub(super) const fn is_of_the_state(&self) -> bool {
        matches!(
            self,
            Self::Refused(_) | Self::NotFound | Self::OutOfScope | Self::PreconditionFailed { .. }
        )
    }
}
