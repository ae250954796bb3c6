//! What a fold of one stream does.

use sira_numbers::Version;
use uuid::Uuid;

use crate::changes::Changes;
use crate::rule_book::RuleBook;
use crate::{FeedEvent, FoldError};

/// What a fold of a programme, a cohort or a fund weighs, roughly, in bytes.
const OWN_WEIGHT: usize = 4_000;

/// A fold of one stream: from its events, in order, to rows.
pub(crate) trait StreamFold: std::fmt::Debug + Send + Sync {
    /// Sequence of the last event that was taken.
    fn version(&self) -> Version;

    /// Takes the next event in; versioned rows that it tells or ends are added to `changes`.
    ///
    /// # Errors
    /// [`FoldError::Unfit`] when it cannot be read: nothing is changed.
    fn take(
        &mut self,
        event: &FeedEvent,
        rules: &mut RuleBook,
        changes: &mut Changes,
    ) -> Result<(), FoldError>;

    /// Replaces the stream's rows in the tables of the present; once after the last event of a batch.
    fn show(&self, rules: &RuleBook, changes: &mut Changes);

    /// The changes were written: what the tables hold already is not told again.
    fn settle(&mut self) {}

    /// What it weighs in a cache, roughly, in bytes.
    fn weight(&self) -> usize {
        OWN_WEIGHT
    }

    /// The programme whose rules its events are judged by; none of what is no path.
    fn programme(&self) -> Option<Uuid> {
        None
    }
}
