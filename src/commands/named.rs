//! Streams by their second names: a person's by the reference, a fund's or cohort's by its code.
//!
//! The table of second names stands beside the events and steers what is written and shown. So nobody else asks it:
//! whoever resolves a name asks here, where the stream that it leads to is asked in turn whether it bears the name.

use std::sync::atomic::Ordering;

use sira_domain::path::Beneficiary;
use sira_domain::values::Reference;
use uuid::Uuid;

use super::aggregate::Aggregate;
use super::path::alias_of;
use super::{CommandError, Commands};

impl Commands {
    /// The path of a reference; none when no person has it.
    ///
    /// # Errors
    /// [`CommandError::Misnamed`] when the table leads to somebody else; when the journal cannot be read.
    pub async fn path_of(&self, reference: Reference) -> Result<Option<Uuid>, CommandError> {
        self.named::<Beneficiary>(&alias_of(reference)).await
    }

    /// The stream of a second name, which bears it.
    ///
    /// # Errors
    /// As [`Commands::path_of`].
    pub(super) async fn named<A: Aggregate>(
        &self,
        alias: &str,
    ) -> Result<Option<Uuid>, CommandError> {
        let Some(stream) = self.0.journal.find_alias(alias).await? else { return Ok(None) };
        if stream.aggregate_type == A::TYPE {
            let id = stream.aggregate_id;
            let kept = A::cache(&self.0).load(&self.0.journal, id).await?;
            if kept.is_some_and(|loaded| loaded.state.bears(alias)) {
                return Ok(Some(id));
            }
            // The name and the event that gives it are of one commit, which may be younger than what is kept.
            if self.current::<A>(id).await?.is_some_and(|loaded| loaded.state.bears(alias)) {
                return Ok(Some(id));
            }
        }
        self.note_misnamed();
        Err(CommandError::Misnamed { stream })
    }

    /// A second name was met that leads to a stream without it: `/readyz` says so from now on.
    pub fn note_misnamed(&self) {
        self.0.misnamed.store(true, Ordering::Relaxed);
    }

    /// Whether such a name was met.
    #[must_use]
    pub fn is_misnamed(&self) -> bool {
        self.0.misnamed.load(Ordering::Relaxed)
    }
}
