//! Events as the evidence reads them: where they stand, and their leaf hashes.

use sira_database::on_engine;
use sira_numbers::{Position, Sequence};

use crate::StreamId;
use crate::read::readable::followed;
use crate::read::rows::SELECT_LEAVES;
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
    /// The leaf hash of the event at a position; none where no event can be read.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for one that is no hash.
    pub async fn leaf_at(&self, position: Position) -> Result<Option<[u8; 32]>, JournalError> {
        let found: Option<Vec<u8>> = on_engine!(self.pool(), db => {
            sqlx::query_scalar(SELECT_LEAVES)
                .bind(position.stored())
                .bind(position.stored())
                .fetch_optional(db)
                .await
        })?;
        let hash = found.map(<[u8; 32]>::try_from).transpose();
        hash.map_err(|_| JournalError::Inconsistent {
            table: "events",
            id: position.to_string(),
            problem: "leaf_hash is not 32 bytes".to_owned(),
        })
    }

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
        let leaves = rows.into_iter().map(whole).collect::<Result<Vec<_>, _>>()?;
        let readable = &self.shared().readable;
        readable.saw(after, followed(after, leaves.iter().map(|leaf| leaf.position)));
        Ok(leaves)
    }
}
