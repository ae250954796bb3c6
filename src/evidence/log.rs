//! The published tree: what is proved out of it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use sira_numbers::{Position, at_most};
use tokio::sync::{Notify, watch};

use super::keys::KeyHistory;
use super::signed_tree::{SignedTree, Witnesses};
use super::{EvidenceError, store};
use crate::clock::Clock;
use crate::journal::Journal;
use sira_evidence::Checkpoint;
use sira_evidence::growth::{TILE_HEIGHT, TILE_WIDTH};
use sira_evidence::merkle::{
    Hash, Subtree, complete_root, consistency_ranges, inclusion_ranges, join, subtrees,
};
use sira_evidence::tile_path::TilePlace;
use sira_evidence::{Note, NoteError, VerifierKey};

/// Full tiles that are kept in memory: 8 kB each, 32 MiB in all; a million events have 3,922.
const TILES_KEPT: usize = 4_096;
/// Highest level of tiles: a tree of 2^64 leaves has no other.
pub const LEVEL_MAX: u32 = 7;

/// What gives proofs. Cheap to clone.
#[derive(Clone)]
pub struct Evidence(Arc<Inner>);

struct Inner {
    journal: Journal,
    clock: Clock,
    /// The newest checkpoint: every tile and proof of an older one is made of its tree too.
    newest: watch::Receiver<Option<Arc<SignedTree>>>,
    /// The newest that enough witnesses have signed; the same as `newest` where none are asked for.
    published: watch::Receiver<Option<Arc<SignedTree>>>,
    witnesses: Witnesses,
    /// Full tiles never change.
    tiles: Cache<(u32, u64), Arc<[Hash]>>,
    nudge: Notify,
}

/// A proof that an event is in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The event's leaf hash, as the tree has it.
    pub leaf: Hash,
    /// The hashes beside the way to the root, the lowest first.
    pub proof: Vec<Hash>,
}

impl Evidence {
    pub(super) fn new(
        journal: Journal,
        clock: Clock,
        newest: watch::Receiver<Option<Arc<SignedTree>>>,
        published: watch::Receiver<Option<Arc<SignedTree>>>,
        witnesses: Witnesses,
    ) -> Self {
        let tiles = Cache::new(TILES_KEPT);
        let nudge = Notify::new();
        Self(Arc::new(Inner { journal, clock, newest, published, witnesses, tiles, nudge }))
    }

    /// The published checkpoint.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] before the first.
    pub fn published(&self) -> Result<Arc<SignedTree>, EvidenceError> {
        self.0.published.borrow().clone().ok_or(EvidenceError::NotCovered)
    }

    /// The newest signed checkpoint, published or not.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] before the first.
    pub fn newest(&self) -> Result<Arc<SignedTree>, EvidenceError> {
        self.0.newest.borrow().clone().ok_or(EvidenceError::NotCovered)
    }

    /// A published checkpoint that covers a position, waited for at most so long; the last one when
    /// there is none in time.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] before the first.
    pub async fn covering(
        &self,
        position: Position,
        within: Duration,
    ) -> Result<Arc<SignedTree>, EvidenceError> {
        let covers = |published: &Option<Arc<SignedTree>>| {
            published.as_ref().is_some_and(|published| published.checkpoint.size >= position.get())
        };
        let mut published = self.0.published.clone();
        // When the wait ends without it, the last one is what there is.
        let _ = tokio::time::timeout(within, published.wait_for(covers)).await;
        self.published()
    }

    /// The keys that have signed checkpoints of this log.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] for a journal without evidence.
    pub async fn keys(&self) -> Result<KeyHistory, EvidenceError> {
        KeyHistory::of(&self.0.journal).await?.ok_or(EvidenceError::NotCovered)
    }

    /// A checkpoint with what witnesses have signed of it.
    ///
    /// # Errors
    /// [`EvidenceError::Database`].
    pub async fn note(&self, tree: &SignedTree) -> Result<Note, EvidenceError> {
        let mut note = tree.note.clone();
        note.signatures.extend(store::cosignatures(&self.0.journal, tree.checkpoint.size).await?);
        Ok(note)
    }

    /// Proves that the event at a position is in the tree of `size`.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] when it is not, or no checkpoint covers that size yet.
    pub async fn inclusion(
        &self,
        position: Position,
        size: u64,
    ) -> Result<Inclusion, EvidenceError> {
        let tree = self.newest()?;
        if position == Position::START || position.get() > size || size > tree.checkpoint.size {
            return Err(EvidenceError::NotCovered);
        }
        let index = position.before().get();
        let leaf = self.subtree(&tree, Subtree { height: 0, index }).await?;
        let proof = self.hashes(&tree, inclusion_ranges(index, size)).await?;
        Ok(Inclusion { leaf, proof })
    }

    /// Proves that the tree of `to` extends the one of `from`.
    ///
    /// # Errors
    /// [`EvidenceError::NotCovered`] for sizes that are none, or not covered yet.
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, EvidenceError> {
        let tree = self.newest()?;
        if from == 0 || from > to || to > tree.checkpoint.size {
            return Err(EvidenceError::NotCovered);
        }
        self.hashes(&tree, consistency_ranges(from, to)).await
    }

    async fn hashes(
        &self,
        tree: &SignedTree,
        ranges: Vec<Range<u64>>,
    ) -> Result<Vec<Hash>, EvidenceError> {
        let mut hashes = Vec::with_capacity(ranges.len());
        for range in ranges {
            let mut parts = Vec::new();
            for part in subtrees(range) {
                parts.push(self.subtree(tree, part).await?);
            }
            hashes.push(join(&parts));
        }
        Ok(hashes)
    }

    /// A complete subtree's hash, from the tile that spans it.
    async fn subtree(&self, tree: &SignedTree, part: Subtree) -> Result<Hash, EvidenceError> {
        let (level, height) = (part.height / TILE_HEIGHT, part.height % TILE_HEIGHT);
        let first = part.index << height;
        let tile = self.tile_hashes(tree, level, first / TILE_WIDTH as u64).await?;
        let from = at_most(first % TILE_WIDTH as u64, TILE_WIDTH);
        let hashes = tile.get(from..from + (1 << height));
        let index = first / TILE_WIDTH as u64;
        hashes.map(complete_root).ok_or(EvidenceError::TileMissing { level, index })
    }

    async fn tile_hashes(
        &self,
        tree: &SignedTree,
        level: u32,
        index: u64,
    ) -> Result<Arc<[Hash]>, EvidenceError> {
        let full = tree.checkpoint.size >> ((level + 1) * TILE_HEIGHT).min(63);
        if index >= full {
            let edge = tree.edge.get(level as usize).filter(|_| index == full);
            return edge
                .map(|hashes| hashes.as_slice().into())
                .ok_or(EvidenceError::TileMissing { level, index });
        }
        if let Some(kept) = self.0.tiles.get(&(level, index)) {
            return Ok(kept);
        }
        let hashes = store::tile(&self.0.journal, level, index).await?;
        let hashes = hashes.filter(|hashes| hashes.len() == TILE_WIDTH);
        let hashes: Arc<[Hash]> = hashes.ok_or(EvidenceError::TileMissing { level, index })?.into();
        self.0.tiles.insert((level, index), hashes.clone());
        Ok(hashes)
    }

    /// The hashes of a tile of the newest tree; of the tile at the edge, and of its older forms, the
    /// first ones.
    ///
    /// # Errors
    /// [`EvidenceError::TileMissing`] for one that the tree has not.
    pub async fn tile(&self, level: u32, place: TilePlace) -> Result<Vec<Hash>, EvidenceError> {
        let missing = EvidenceError::TileMissing { level, index: place.index };
        if level > LEVEL_MAX {
            return Err(missing);
        }
        let tree = self.newest()?;
        let tile = self.tile_hashes(&tree, level, place.index).await?;
        tile.get(..place.width).map(<[Hash]>::to_vec).ok_or(missing)
    }

    /// The canonical entries of a tile of level 0, as C2SP tlog-tiles bundles them.
    ///
    /// # Errors
    /// [`EvidenceError::TileMissing`] for one that the tree has not; `Damaged` for an event that is
    /// missing or has no entry.
    pub async fn entries(&self, place: TilePlace) -> Result<Vec<u8>, EvidenceError> {
        let size = self.newest()?.checkpoint.size;
        let first = place.index.saturating_mul(TILE_WIDTH as u64);
        let last = first.saturating_add(place.width as u64);
        let missing = || EvidenceError::TileMissing { level: 0, index: place.index };
        let count = u32::try_from(place.width).map_err(|_| missing())?;
        if last > size {
            return Err(missing());
        }
        let journal = &self.0.journal;
        let (before, last) = (Position::of_count(first), Position::of_count(last));
        let events = journal.read_feed(before, count).await?;
        let mut bytes = Vec::with_capacity(events.len() * 400);
        for (position, event) in before.next().through(last).zip(&events) {
            let damaged = EvidenceError::Damaged { position };
            let entry = event.entry_text(journal.id()).ok().filter(|_| event.position == position);
            let Some(entry) = entry else { return Err(damaged) };
            let length = u16::try_from(entry.len()).map_err(|_| damaged)?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry.as_bytes());
        }
        if events.len() < place.width {
            return Err(EvidenceError::Damaged {
                position: before.plus(events.len() as u64).next(),
            });
        }
        Ok(bytes)
    }

    /// Takes what witnesses have signed of a checkpoint: the note with their signatures. Durable when
    /// it returns; a witness who does not hear of it sends it again.
    ///
    /// # Errors
    /// [`EvidenceError::Note`] for a note that no known witness has signed, or signed wrongly;
    /// `NotCovered` for a checkpoint that is none of this log.
    pub async fn take_cosignatures(&self, note: &Note) -> Result<Vec<VerifierKey>, EvidenceError> {
        let checkpoint: Checkpoint = note.text.parse()?;
        let stored = store::of_size(&self.0.journal, checkpoint.size).await?;
        let stored = stored.ok_or(EvidenceError::NotCovered)?;
        if stored.note.parse::<Note>()?.text != note.text {
            return Err(EvidenceError::Contradiction { size: checkpoint.size });
        }
        let mut taken = Vec::new();
        for line in &note.signatures {
            let Some(witness) = self.0.witnesses.find(&line.name, line.id) else { continue };
            note.verify(witness)?;
            let (name, now) = (witness.to_string(), self.0.clock.now());
            store::keep_cosignature(&self.0.journal, checkpoint.size, &name, line, now).await?;
            taken.push(witness.clone());
        }
        if taken.is_empty() {
            return Err(NoteError::Unsigned("a witness of this log".to_owned()).into());
        }
        self.0.nudge.notify_one();
        Ok(taken)
    }

    /// How many witnesses must have signed a checkpoint before it is published, and who they are.
    #[must_use]
    pub fn witnesses(&self) -> &Witnesses {
        &self.0.witnesses
    }

    /// Resolves when there may be something to publish.
    pub(super) async fn nudged(&self) {
        self.0.nudge.notified().await;
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.0.journal
    }
}
