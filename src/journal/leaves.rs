//! Events as the evidence reads them: where they stand, and their leaf hashes.

use super::rows::{signed, stream_id, unsigned};
use super::types::StreamId;
use super::{Journal, JournalError};
use crate::on_pool;

/// One event's place and leaf hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Place in the journal; the leaf's index is one less.
    pub position: u64,
    /// The stream.
    pub stream: StreamId,
    /// Place in the stream.
    pub sequence: u64,
    /// The hash stored with the event.
    pub hash: [u8; 32],
}

type LeafColumns = (i64, String, String, i64, Vec<u8>);

impl Journal {
    /// The leaves after a position, up to another, in order; at most `limit`.
    ///
    /// # Errors
    /// [`JournalError::Database`], or `Inconsistent` for a row that is none of ours.
    pub async fn read_leaves(
        &self,
        after: u64,
        up_to: u64,
        limit: u32,
    ) -> Result<Vec<Leaf>, JournalError> {
        let rows: Vec<LeafColumns> = on_pool!(self.pool(), db => {
            sqlx::query_as(
                "SELECT position, aggregate_type, aggregate_id, sequence, leaf_hash FROM events \
                 WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
            )
            .bind(signed(after))
            .bind(signed(up_to))
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        })?;
        rows.into_iter().map(leaf_row).collect()
    }
}

fn leaf_row(row: LeafColumns) -> Result<Leaf, JournalError> {
    let (position, aggregate_type, id, sequence, hash) = row;
    let stream = stream_id(&position, aggregate_type, &id)?;
    let hash = hash.try_into().map_err(|_| JournalError::Inconsistent {
        table: "events",
        id: position.to_string(),
        problem: "leaf_hash is not 32 bytes".to_owned(),
    })?;
    Ok(Leaf { position: unsigned(position), stream, sequence: unsigned(sequence), hash })
}
