//! The fold of a stream that stands in one row, written anew whenever it has moved: a cohort.

use serde::de::DeserializeOwned;
use sira_numbers::{Position, Version};
use uuid::Uuid;

use crate::changes::Changes;
use crate::decode::decode;
use crate::rule_book::RuleBook;
use crate::stream_fold::StreamFold;
use crate::table::TableRow;
use crate::{FeedEvent, FoldError};

/// A state that stands in one row.
pub(crate) trait InOneRow: Default + std::fmt::Debug + Send + Sync {
    /// What its stream holds.
    type Event: DeserializeOwned;
    /// The row.
    type Row: TableRow;

    /// Sequence of the last event that was taken.
    fn version(&self) -> Version;

    /// Takes the next event in.
    fn take(&mut self, event: &Self::Event);

    /// The row of the stream `id`, whose last event stands at `position`; none before it begins.
    fn row(&self, id: Uuid, position: Position) -> Option<Self::Row>;
}

/// A stream folded to its state, of which the row is written.
#[derive(Clone, Debug)]
pub(crate) struct RowFold<S> {
    id: Uuid,
    state: S,
    position: Position,
}

impl<S: InOneRow> RowFold<S> {
    /// A stream before its first event.
    #[must_use]
    pub fn new(id: Uuid) -> Self {
        Self { id, state: S::default(), position: Position::START }
    }
}

impl<S: InOneRow> StreamFold for RowFold<S> {
    fn version(&self) -> Version {
        self.state.version()
    }

    fn take(
        &mut self,
        event: &FeedEvent,
        _: &mut RuleBook,
        _: &mut Changes,
    ) -> Result<(), FoldError> {
        self.state.take(&decode::<S::Event>(event)?);
        self.position = event.position;
        Ok(())
    }

    fn show(&self, _: &RuleBook, changes: &mut Changes) {
        changes.of_mut(S::Row::TABLE).dropped.push(self.id);
        if let Some(row) = self.state.row(self.id, self.position) {
            changes.add(row);
        }
    }
}
