//! The tree of a signer as it stood when it was saved: its right edge, and the last event of every stream. With it a
//! process that starts reads the leaves that were signed since, and not those of the whole journal.
//!
//! The file vouches for nothing. It is taken for the beginning of a tree, which must lead to the roots of the newest
//! signed checkpoint, both of them; what does not is laid aside, and every leaf is read. So no write of it needs to
//! be waited for, and a crash leaves the file of before, or none. What it gives up is that every start reads every old
//! leaf hash again: that is what `sira verify` does.

use std::path::{Path, PathBuf};

use super::EvidenceError;
use super::follower::Follower;
use crate::files::replace_own;
use sira_evidence::growth::Growth;
use sira_evidence::index::{StreamHead, StreamIndex};
use sira_evidence::merkle::Hash;
use sira_numbers::Sequence;

/// The file's name in the data directory.
const FILE: &str = "signing.tree";
/// How the file begins: what the rest means.
const FORM: &[u8] = b"sira.tree/v1\n";
/// Bytes of one stream: key, sequence, leaf hash.
const STREAM_BYTES: usize = 72;

/// The file.
#[derive(Clone, Debug)]
pub(super) struct SavedTree {
    path: PathBuf,
}

impl SavedTree {
    /// In a data directory.
    pub fn in_directory(data_dir: &Path) -> Self {
        Self { path: data_dir.join(FILE) }
    }

    /// Puts a tree in the place of the one that was saved before.
    ///
    /// # Errors
    /// [`EvidenceError::File`].
    pub fn save(&self, tree: &Follower) -> Result<(), EvidenceError> {
        Ok(replace_own(&self.path, &to_bytes(tree))?)
    }

    /// What was saved; none where there is no file, or it cannot be read as one.
    pub fn load(&self) -> Option<Follower> {
        from_bytes(&std::fs::read(&self.path).ok()?)
    }
}

fn to_bytes(tree: &Follower) -> Vec<u8> {
    let mut bytes = FORM.to_vec();
    let edge = tree.growth.edge();
    for number in [tree.size(), tree.own_events(), edge.len() as u64] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for hashes in edge {
        bytes.extend_from_slice(&(hashes.len() as u64).to_le_bytes());
        bytes.extend_from_slice(hashes.as_flattened());
    }
    tree.streams.each(&mut |key, head| {
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&head.sequence.get().to_le_bytes());
        bytes.extend_from_slice(&head.leaf);
    });
    bytes
}

fn from_bytes(bytes: &[u8]) -> Option<Follower> {
    let mut rest = bytes.strip_prefix(FORM)?;
    let (size, own_events) = (number(&mut rest)?, number(&mut rest)?);
    let mut edge = Vec::new();
    for _ in 0..number(&mut rest)? {
        let length = usize::try_from(number(&mut rest)?).ok()?.checked_mul(32)?;
        let (hashes, after) = rest.split_at_checked(length)?;
        edge.push(hashes.as_chunks::<32>().0.to_vec());
        rest = after;
    }
    let (streams, []) = rest.as_chunks::<STREAM_BYTES>() else { return None };
    let streams: Option<Vec<_>> = streams.iter().map(stream).collect();
    let growth = Growth::of_edge(size, edge)?;
    Some(Follower::saved(growth, StreamIndex::of_sorted(&streams?)?, own_events))
}

fn stream(bytes: &[u8; STREAM_BYTES]) -> Option<(Hash, StreamHead)> {
    let (key, rest) = bytes.split_first_chunk::<32>()?;
    let (sequence, leaf) = rest.split_first_chunk::<8>()?;
    let sequence = Sequence::try_new(u64::from_le_bytes(*sequence)).ok()?;
    Some((*key, StreamHead { sequence, leaf: leaf.try_into().ok()? }))
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::merkle::empty_root;

    fn tree(events: u64) -> Follower {
        let (mut growth, mut streams) = (Growth::default(), StreamIndex::default());
        for at in 0..events {
            let leaf = sira_evidence::leaf::sha256(&at.to_be_bytes());
            growth.push(leaf, &mut |_| {});
            let key = sira_evidence::leaf::sha256(&(at % 37).to_be_bytes());
            let sequence = Sequence::try_new(at / 37 + 1).unwrap();
            streams.set(key, StreamHead { sequence, leaf });
        }
        Follower::saved(growth, streams, 3)
    }

    #[test]
    fn a_tree_comes_back_as_it_was() {
        assert_eq!(Growth::default().root(), empty_root());
        for events in [0, 1, 255, 256, 257, 70_000] {
            let (before, after) = (tree(events), from_bytes(&to_bytes(&tree(events))).unwrap());
            assert_eq!(after.size(), events);
            assert_eq!(after.own_events(), 3);
            assert_eq!(after.growth.root(), before.growth.root());
            assert_eq!(after.streams.root(), before.streams.root());
        }
    }

    #[test]
    fn what_is_no_tree_is_none_and_a_changed_one_has_another_root() {
        let (whole, kept) = (to_bytes(&tree(1_000)), tree(1_000));
        for cut in 0..whole.len() {
            let read = from_bytes(&whole[..cut]);
            // Whole streams may be missing: then the stream index is another.
            assert!(read.is_none_or(|tree| tree.streams.root() != kept.streams.root()), "{cut}");
        }
        // But for the count of the log's own events, which no root holds, and which keys are read by alone.
        let own = FORM.len() + 8..FORM.len() + 16;
        for at in (0..whole.len()).filter(|at| !own.contains(at)) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let is_other = |tree: Follower| {
                (tree.size(), tree.growth.root(), tree.streams.root())
                    != (kept.size(), kept.growth.root(), kept.streams.root())
            };
            assert!(from_bytes(&changed).is_none_or(is_other), "{at}");
        }
    }
}
