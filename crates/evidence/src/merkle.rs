//! The Merkle tree of RFC 6962: its hashes, and the proofs that a leaf is in a tree and that one tree
//! extends another. Pure; what stores and serves the tree is next door.
//!
//! A proof is a list of ranges of leaves ([`inclusion_ranges`], [`consistency_ranges`]), each made of
//! complete subtrees ([`subtrees`]), whose hashes the tiles give.

use std::ops::Range;

use sha2::{Digest, Sha256};

/// A hash of the tree: SHA-256.
pub type Hash = [u8; 32];

/// Levels of a tree of 2^63 leaves: no proof is longer, no tree higher.
pub const MAX_HEIGHT: usize = 64;

/// A complete subtree: the hash over the leaves `index << height .. (index + 1) << height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// Binary logarithm of its number of leaves.
    pub height: u32,
    /// Which of the subtrees of that height, from 0.
    pub index: u64,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no such leaf or smaller tree in a tree of that size.
    #[error("the leaf or the smaller tree lies outside the tree")]
    Outside,
    /// A proof for these sizes has another number of hashes.
    #[error("a proof for these sizes has another number of hashes")]
    Length,
    /// The hashes lead to another root.
    #[error("the hashes lead to another root")]
    Root,
}

/// The hash of an inner node.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1_u8; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of a tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root over a complete run of hashes, whose number is a power of two.
#[must_use]
pub fn complete_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect();
    }
    level.first().copied().unwrap_or_else(empty_root)
}

/// Hashes of neighbours from left to right, each tree smaller than the one before, as one hash.
#[must_use]
pub fn join(hashes: &[Hash]) -> Hash {
    let joined = hashes.iter().rev().copied().reduce(|right, left| node(&left, &right));
    joined.unwrap_or_else(empty_root)
}

/// The complete subtrees that a range of a proof, or a whole tree from 0, is joined of.
#[must_use]
pub fn subtrees(range: Range<u64>) -> Vec<Subtree> {
    let (mut low, mut parts) = (range.start, Vec::new());
    while low < range.end {
        let height = (range.end - low).ilog2();
        parts.push(Subtree { height, index: low >> height });
        low += 1 << height;
    }
    parts
}

/// The largest power of two below `size`, where RFC 6962 splits a tree.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The ranges whose hashes prove that the leaf at `index` is in the tree of `size` leaves, the lowest
/// first. Empty when there is no such leaf.
#[must_use]
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let (mut range, mut ranges) = (0..size, Vec::new());
    while range.contains(&index) && range.end - range.start > 1 {
        let middle = range.start + split(range.end - range.start);
        let (inside, beside) = if index < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        ranges.push(beside);
        range = inside;
    }
    ranges.reverse();
    ranges
}

/// The ranges whose hashes prove that the tree of `to` leaves extends that of `from`.
#[must_use]
pub fn consistency_ranges(from: u64, to: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if from == 0 || from >= to {
        return ranges;
    }
    let mut range = 0..to;
    while range.end > from {
        let middle = range.start + split(range.end - range.start);
        if from <= middle {
            ranges.push(middle..range.end);
            range = range.start..middle;
        } else {
            ranges.push(range.start..middle);
            range = middle..range.end;
        }
    }
    // The old tree itself needs no proof where it is the left edge of the new one.
    if range.start > 0 {
        ranges.push(range);
    }
    ranges.reverse();
    ranges
}

/// Checks that the leaf at `index` is in the tree of `size` leaves with that root (RFC 9162, 2.1.3.2).
///
/// # Errors
/// [`ProofError`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Outside);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node(step, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree of `to` leaves extends the one of `from` leaves (RFC 9162, 2.1.4.2). From the
/// empty tree nothing can be proved.
///
/// # Errors
/// [`ProofError`].
pub fn verify_consistency(
    (from, from_root): (u64, &Hash),
    (to, to_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if from == 0 || from > to {
        return Err(ProofError::Outside);
    }
    if from == to {
        return match (proof.is_empty(), from_root == to_root) {
            (false, _) => Err(ProofError::Length),
            (_, false) => Err(ProofError::Root),
            _ => Ok(()),
        };
    }
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let mut steps = proof.iter();
    // A whole subtree at the left edge is its own beginning.
    let first =
        if from.is_power_of_two() { from_root } else { steps.next().ok_or(ProofError::Length)? };
    let (mut old, mut new) = (*first, *first);
    for step in steps {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            (old, new) = (node(step, &old), node(step, &new));
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new = node(&new, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if old == *from_root && new == *to_root { Ok(()) } else { Err(ProofError::Root) }
}
