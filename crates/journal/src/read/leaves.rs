//! Events as the evidence reads them: where they stand, and their leaf hashes.

use sira_numbers::{Position, Sequence};

use crate::StreamId;
use crate::{Journal, JournalError};

/// One event's place and leaf hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Place in the journal; the leaf's index is one less.
    pub position: Position,
    /// The stream.
    pub stream: StreamId,
    /// Place in the stream.
    pub sequence: Sequence,
    /// The hash stored with the event.
    pub hash: [u8; 32],
}

impl Journal {
    /// The leaves after a position, up to another, in order; at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_leaves(
        &self,
        after: Position,
        up_to: Position,
        limit: u32,
    ) -> Result<Vec<Leaf>, JournalError> {
        let rows = self.read_raw_leaves(after, up_to, limit).await?;
        let whole = |(position, leaf): (Position, Option<Leaf>)| {
            leaf.ok_or_else(|| JournalError::Inconsistent {
                table: "events",
                id: position.to_string(),
                problem: "aggregate_id is no UUID in its one form, or leaf_hash not 32 bytes"
                    .to_owned(),
            })
        };
        rows.into_iter().map(whole).collect()
    }
}
