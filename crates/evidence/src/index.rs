//! The stream index: a Merkle tree over the last event of every stream, by the hash of the stream's
//! name. Its root stands in every checkpoint, so that one file can prove that it holds a stream up to
//! its last event.
//!
//! A set of streams has a hash: none is 32 zero bytes; a single stream is SHA-256 over a zero byte, its
//! key and its last event; more are SHA-256 over a one byte and the hashes of those whose key has a 0
//! bit next, and of those with a 1 bit. So the tree is a function of the set, whatever the order in
//! which it grew, and as deep as keys share beginnings: some 20 levels for a million streams.
//!
//! Versions share what has not changed: a clone is free, and an older one stays as it was.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use sira_numbers::Sequence;

use crate::merkle::{Hash, node};
use crate::recorded_event::StreamId;

/// The hash of no stream.
pub const EMPTY: Hash = [0; 32];
/// The first line of a key's text.
const KEY_FORM: &str = "sira.stream/v1";
/// Bits of a key.
const KEY_BITS: usize = 256;

/// The last event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamHead {
    /// Its sequence: the stream's version.
    pub sequence: Sequence,
    /// Its leaf hash.
    pub leaf: Hash,
}

/// The key of a stream.
#[must_use]
pub fn key_of(stream: &StreamId) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(KEY_FORM);
    hasher.update("\n");
    hasher.update(stream.aggregate_type.as_bytes());
    hasher.update("\n");
    let mut text = uuid::Uuid::encode_buffer();
    hasher.update(stream.aggregate_id.hyphenated().encode_lower(&mut text).as_bytes());
    hasher.update("\n");
    hasher.finalize().into()
}

fn leaf_hash(key: &Hash, head: &StreamHead) -> Hash {
    let mut bytes = [0_u8; 73];
    bytes[1..33].copy_from_slice(key);
    bytes[33..41].copy_from_slice(&head.sequence.get().to_be_bytes());
    bytes[41..].copy_from_slice(&head.leaf);
    Sha256::digest(bytes).into()
}

/// The bit of a key at a depth.
fn bit(key: &Hash, depth: usize) -> bool {
    key[depth / 8] >> (7 - depth % 8) & 1 == 1
}

#[derive(Debug)]
enum Node {
    One {
        key: Hash,
        head: StreamHead,
    },
    /// The hash is computed when somebody asks: between two checkpoints a node may change often.
    Many {
        hash: OnceLock<Hash>,
        children: [Option<Arc<Node>>; 2],
    },
}

impl Node {
    fn hash(&self) -> Hash {
        match self {
            Self::One { key, head } => leaf_hash(key, head),
            Self::Many { hash, children } => *hash.get_or_init(|| {
                node(&hash_of(children[0].as_ref()), &hash_of(children[1].as_ref()))
            }),
        }
    }
}

fn hash_of(place: Option<&Arc<Node>>) -> Hash {
    place.map_or(EMPTY, |node| node.hash())
}

/// The streams of a journal up to a position.
#[derive(Clone, Debug, Default)]
pub struct StreamIndex {
    root: Option<Arc<Node>>,
}

impl StreamIndex {
    /// The streams of a list, in the order of their keys; none when it has another order, or a key twice.
    #[must_use]
    pub fn of_sorted(streams: &[(Hash, StreamHead)]) -> Option<Self> {
        let is_sorted = streams.is_sorted_by(|(one, _), (next, _)| one < next);
        is_sorted.then(|| Self { root: built(streams, 0) })
    }

    /// Tells every stream's key and last event, in the order of the keys.
    pub fn each(&self, told: &mut impl FnMut(&Hash, &StreamHead)) {
        walk(self.root.as_deref(), told);
    }

    /// The hash of the whole.
    #[must_use]
    pub fn root(&self) -> Hash {
        hash_of(self.root.as_ref())
    }

    /// Notes the last event of a stream, and gives back the one that was noted before.
    pub fn set(&mut self, key: Hash, head: StreamHead) -> Option<StreamHead> {
        set(&mut self.root, key, head, 0)
    }

    /// The last event of a stream.
    #[must_use]
    pub fn get(&self, key: &Hash) -> Option<StreamHead> {
        let (mut place, mut depth) = (&self.root, 0);
        loop {
            match place.as_deref()? {
                Node::One { key: found, head } => return (found == key).then_some(*head),
                Node::Many { children, .. } => {
                    place = &children[usize::from(bit(key, depth))];
                    depth += 1;
                }
            }
        }
    }

    /// The last event of a stream, and the hashes beside the way to it, from the bottom.
    #[must_use]
    pub fn prove(&self, key: &Hash) -> Option<(StreamHead, Vec<Hash>)> {
        let (mut place, mut beside) = (&self.root, Vec::new());
        loop {
            match place.as_deref()? {
                Node::One { key: found, head } => {
                    beside.reverse();
                    return (found == key).then_some((*head, beside));
                }
                Node::Many { children, .. } => {
                    let turn = usize::from(bit(key, beside.len()));
                    beside.push(hash_of(children[1 - turn].as_ref()));
                    place = &children[turn];
                }
            }
        }
    }
}

/// The tree over streams whose keys agree up to a depth.
fn built(streams: &[(Hash, StreamHead)], depth: usize) -> Option<Arc<Node>> {
    Some(Arc::new(match streams {
        [] => return None,
        [(key, head)] => Node::One { key: *key, head: *head },
        _ => {
            let (zeros, ones) =
                streams.split_at(streams.partition_point(|(key, _)| !bit(key, depth)));
            let children = [built(zeros, depth + 1), built(ones, depth + 1)];
            Node::Many { hash: OnceLock::new(), children }
        }
    }))
}

fn walk(place: Option<&Node>, told: &mut impl FnMut(&Hash, &StreamHead)) {
    match place {
        None => {}
        Some(Node::One { key, head }) => told(key, head),
        Some(Node::Many { children, .. }) => {
            for child in children {
                walk(child.as_deref(), told);
            }
        }
    }
}

fn set(
    place: &mut Option<Arc<Node>>,
    key: Hash,
    head: StreamHead,
    depth: usize,
) -> Option<StreamHead> {
    let Some(shared) = place else {
        *place = Some(Arc::new(Node::One { key, head }));
        return None;
    };
    if let Node::One { key: other, head: other_head } = **shared {
        if other != key {
            // One level down, and again until the keys part.
            let mut children = [None, None];
            children[usize::from(bit(&other, depth))] =
                Some(Arc::new(Node::One { key: other, head: other_head }));
            *place = Some(Arc::new(Node::Many { hash: OnceLock::new(), children }));
            return set(place, key, head, depth);
        }
        *place = Some(Arc::new(Node::One { key, head }));
        return Some(other_head);
    }
    // A node that an older version shares is copied; one of our own is changed in place.
    if Arc::get_mut(shared).is_none()
        && let Node::Many { children, .. } = &**shared
    {
        *shared = Arc::new(Node::Many { hash: OnceLock::new(), children: children.clone() });
    }
    match Arc::get_mut(shared) {
        Some(Node::Many { hash, children }) => {
            hash.take();
            set(&mut children[usize::from(bit(&key, depth))], key, head, depth + 1)
        }
        _ => unreachable!("the node is ours alone, and an inner one"),
    }
}

/// The root that a proof of a stream's last event leads to; none when it is longer than a key.
#[must_use]
pub fn proved_root(key: &Hash, head: &StreamHead, beside: &[Hash]) -> Option<Hash> {
    if beside.len() > KEY_BITS {
        return None;
    }
    let mut hash = leaf_hash(key, head);
    for (above, sibling) in beside.iter().enumerate() {
        let depth = beside.len() - 1 - above;
        hash = if bit(key, depth) { node(sibling, &hash) } else { node(&hash, sibling) };
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::leaf::sha256;

    /// The definition, word for word.
    fn naive(streams: &[(Hash, StreamHead)], depth: usize) -> Hash {
        match streams {
            [] => EMPTY,
            [(key, head)] => leaf_hash(key, head),
            _ => {
                let (ones, zeros): (Vec<_>, Vec<_>) =
                    streams.iter().partition(|(key, _)| bit(key, depth));
                node(&naive(&zeros, depth + 1), &naive(&ones, depth + 1))
            }
        }
    }

    proptest! {
        #[test]
        fn the_root_is_that_of_the_definition_and_old_versions_stay(
            writes in prop::collection::vec((0_u8..40, 1_u64..9), 1..120),
            deep in prop::bool::ANY,
        ) {
            let key = |name: u8| {
                // Keys that share a long beginning, or keys as they are.
                if deep { let mut key = [7; 32]; key[31] = name; key } else { sha256(&[name]) }
            };
            let mut index = StreamIndex::default();
            let mut model = BTreeMap::new();
            let mut older = Vec::new();
            for (name, sequence) in writes {
                let leaf = sha256(&sequence.to_be_bytes());
                let head = StreamHead { sequence: Sequence::try_new(sequence).unwrap(), leaf };
                index.set(key(name), head);
                model.insert(key(name), head);
                let streams: Vec<_> = model.clone().into_iter().collect();
                prop_assert_eq!(index.root(), naive(&streams, 0));
                older.push((index.clone(), index.root()));
            }
            for (index, root) in older {
                prop_assert_eq!(index.root(), root);
                prop_assert_eq!(StreamIndex { root: index.root.clone() }.root(), root);
            }
            for (key, head) in &model {
                let (found, beside) = index.prove(key).unwrap();
                prop_assert_eq!(&found, head);
                prop_assert_eq!(proved_root(key, head, &beside), Some(index.root()));
                let earlier = StreamHead { sequence: head.sequence.next(), ..*head };
                prop_assert_ne!(proved_root(key, &earlier, &beside), Some(index.root()));
            }
            let mut told = Vec::new();
            index.each(&mut |key, head| told.push((*key, *head)));
            prop_assert_eq!(&told, &model.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(StreamIndex::of_sorted(&told).unwrap().root(), index.root());
            told.reverse();
            prop_assert_eq!(StreamIndex::of_sorted(&told).is_some(), told.len() < 2);
            prop_assert_eq!(index.prove(&sha256(b"nobody")), None);
        }
    }
}
