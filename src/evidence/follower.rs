//! The tree and the stream index of a journal up to a position, read from the leaf hashes that events
//! carry. Every process that serves or signs evidence follows the journal itself, so that what another
//! process stored is checked before it is shown.

use super::EvidenceError;
use super::keys::STREAM_TYPE;
use crate::journal::{Journal, Leaf};
use sira_evidence::Checkpoint;
use sira_evidence::growth::{Growth, Tile};
use sira_evidence::index::{StreamHead, StreamIndex, key_of};
use sira_numbers::{Position, Sequence};

/// Leaves that are read at once.
const PAGE_LEAVES: u32 = 10_000;

/// A tree and a stream index that grow with the journal.
#[derive(Clone, Debug, Default)]
pub struct Follower {
    /// The tree's right edge.
    pub growth: Growth,
    /// The last event of every stream.
    pub streams: StreamIndex,
    /// Events of the log's own stream, which introduce keys.
    own_events: u64,
}

impl Follower {
    /// One that has come so far, as it was saved.
    pub(super) const fn saved(growth: Growth, streams: StreamIndex, own_events: u64) -> Self {
        Self { growth, streams, own_events }
    }

    /// Number of events taken in.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.growth.size()
    }

    /// The position of the last event taken in.
    const fn reached(&self) -> Position {
        Position::of_count(self.size())
    }

    /// Events of the log's own stream so far.
    #[must_use]
    pub const fn own_events(&self) -> u64 {
        self.own_events
    }

    /// Takes in the journal's events up to a size; tiles that become full go to `full`.
    ///
    /// # Errors
    /// [`EvidenceError::Damaged`] when an event is missing; [`EvidenceError::Sequence`] when one does not follow in
    /// its stream, and then what was followed is of no more use; [`EvidenceError::Journal`].
    pub async fn follow(
        &mut self,
        journal: &Journal,
        size: u64,
        full: &mut (impl FnMut(Tile) + Send),
    ) -> Result<(), EvidenceError> {
        while self.size() < size {
            let (reached, last) = (self.reached(), Position::of_count(size));
            let leaves = journal.read_leaves(reached, last, PAGE_LEAVES).await?;
            if leaves.is_empty() {
                return Err(EvidenceError::Damaged { position: reached.next() });
            }
            for leaf in leaves {
                let position = self.reached().next();
                if leaf.position != position {
                    return Err(EvidenceError::Damaged { position });
                }
                self.growth.push(leaf.hash, full);
                let head = StreamHead { sequence: leaf.sequence, leaf: leaf.hash };
                let before = self.streams.set(key_of(&leaf.stream), head);
                let last = before.map_or(Sequence::START, |before| before.sequence);
                if leaf.sequence != last.next() {
                    let Leaf { position, stream, sequence, .. } = leaf;
                    return Err(EvidenceError::Sequence { position, stream, sequence, last });
                }
                self.own_events += u64::from(leaf.stream.aggregate_type == STREAM_TYPE);
            }
            // A large journal takes seconds: others have their turn in between.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Whether the journal holds what a remembered checkpoint covers, as it was. What was followed already
    /// is not read again, unless that is more than the checkpoint covers.
    ///
    /// # Errors
    /// As [`Follower::follow`].
    pub(super) async fn agrees_with(
        &self,
        journal: &Journal,
        last: &Checkpoint,
    ) -> Result<bool, EvidenceError> {
        if journal.head().await?.position.get() < last.size {
            return Ok(false);
        }
        let mut then = if self.size() <= last.size { self.clone() } else { Self::default() };
        then.follow(journal, last.size, &mut |_| {}).await?;
        Ok(then.growth.root() == last.root)
    }
}
