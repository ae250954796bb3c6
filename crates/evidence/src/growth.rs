//! A tree that grows at its right edge: what has to be kept in memory to add leaves, to know the root,
//! and to fill the tiles of C2SP tlog-tiles.

use crate::merkle::{Hash, MAX_HEIGHT, complete_root, join, node};

/// Hashes of a full tile.
pub const TILE_WIDTH: usize = 256;
/// Levels of the tree that one tile spans.
pub const TILE_HEIGHT: u32 = 8;
/// Levels of tiles in the highest tree.
const LEVELS_MAX: u32 = u64::BITS / TILE_HEIGHT;

/// A run of neighbouring hashes at one level of tiles. Level `l` holds the hashes of complete subtrees
/// of `256^l` leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Level, from 0 for the leaves.
    pub level: u32,
    /// Which of its level, from 0.
    pub index: u64,
    /// 1 to 256 hashes; fewer than 256 only at the right edge.
    pub hashes: Vec<Hash>,
}

/// The right edge of a tree.
#[derive(Clone, Debug, Default)]
pub struct Growth {
    size: u64,
    /// By height, the complete subtree of that height that waits for its right neighbour.
    waiting: Vec<Option<Hash>>,
    /// By level, the hashes of the tile that is not full yet.
    edge: Vec<Vec<Hash>>,
}

/// How many hashes the tile at the edge of a level has in a tree of `size` leaves; 0 when the last one
/// is full.
#[must_use]
fn edge_width(size: u64, level: u32) -> usize {
    let hashes = size.checked_shr(level * TILE_HEIGHT).unwrap_or(0);
    usize::try_from(hashes % TILE_WIDTH as u64).unwrap_or(0)
}

impl Growth {
    /// A tree of so many leaves, from the tiles at its edge as [`Self::edge`] gives them; none when a tree of that
    /// size has others. Whether it is the tree that somebody means, its root says.
    #[must_use]
    pub fn of_edge(size: u64, edge: Vec<Vec<Hash>>) -> Option<Self> {
        let mut tree = Self { size, waiting: Vec::new(), edge };
        let mut levels = 0;
        while levels < LEVELS_MAX && size >> (levels * TILE_HEIGHT) > 0 {
            levels += 1;
        }
        if tree.edge.len() != levels as usize {
            return None;
        }
        let edge = std::mem::take(&mut tree.edge);
        for (level, hashes) in (0..).zip(&edge) {
            if hashes.len() != edge_width(size, level) {
                return None;
            }
            // The larger subtrees stand first.
            let mut rest = hashes.as_slice();
            for height in (0..TILE_HEIGHT).rev().filter(|height| hashes.len() >> height & 1 == 1) {
                let (subtree, after) = rest.split_at(1 << height);
                tree.wait(level * TILE_HEIGHT + height, complete_root(subtree));
                rest = after;
            }
        }
        Some(Self { edge, ..tree })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; a tile that becomes full goes to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut impl FnMut(Tile)) {
        self.size += 1;
        let (mut hash, mut height) = (leaf, 0);
        self.note(0, hash, full);
        while let Some(left) = self.waiting.get_mut(height as usize).and_then(Option::take) {
            hash = node(&left, &hash);
            height += 1;
            if height % TILE_HEIGHT == 0 {
                self.note(height / TILE_HEIGHT, hash, full);
            }
        }
        self.wait(height, hash);
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let parts: Vec<Hash> = self.waiting.iter().rev().filter_map(|hash| *hash).collect();
        join(&parts)
    }

    /// The tiles at the edge that are not full, by level from 0; empty where the last one is full.
    #[must_use]
    pub fn edge(&self) -> &[Vec<Hash>] {
        &self.edge
    }

    /// The same as tiles.
    pub fn edge_tiles(&self) -> impl Iterator<Item = Tile> {
        let tile = |(level, hashes): (u32, &Vec<Hash>)| {
            let index = self.size >> ((level + 1) * TILE_HEIGHT).min(63);
            Tile { level, index, hashes: hashes.clone() }
        };
        (0..).zip(&self.edge).filter(|(_, hashes)| !hashes.is_empty()).map(tile)
    }

    fn wait(&mut self, height: u32, hash: Hash) {
        let height = height as usize;
        debug_assert!(height < MAX_HEIGHT, "a tree of 2^63 leaves");
        if self.waiting.len() <= height {
            self.waiting.resize(height + 1, None);
        }
        self.waiting[height] = Some(hash);
    }

    fn note(&mut self, level: u32, hash: Hash, full: &mut impl FnMut(Tile)) {
        let place = level as usize;
        if self.edge.len() <= place {
            self.edge.resize(place + 1, Vec::new());
        }
        self.edge[place].push(hash);
        if self.edge[place].len() == TILE_WIDTH {
            let hashes = std::mem::take(&mut self.edge[place]);
            let index = (self.size - 1) >> ((level + 1) * TILE_HEIGHT).min(63);
            full(Tile { level, index, hashes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::sha256;

    fn leaf(place: u64) -> Hash {
        sha256(&place.to_be_bytes())
    }

    /// RFC 6962, 2.1, word for word.
    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => *leaf,
            _ => {
                let middle = leaves.len().next_power_of_two() / 2;
                node(&naive(&leaves[..middle]), &naive(&leaves[middle..]))
            }
        }
    }

    #[test]
    fn a_tree_goes_on_from_its_edge_as_if_it_had_never_stopped() {
        let mut growth = Growth::default();
        for size in 0..66_000_u64 {
            if size < 600 || size % 9_973 == 0 || size.abs_diff(65_536) < 3 {
                let mut again = Growth::of_edge(size, growth.edge().to_vec()).unwrap();
                assert_eq!((again.size(), again.root()), (size, growth.root()));
                let (mut tiles, mut others) = (Vec::new(), Vec::new());
                let mut other = growth.clone();
                for place in size..size + 300 {
                    again.push(leaf(place), &mut |tile| tiles.push(tile));
                    other.push(leaf(place), &mut |tile| others.push(tile));
                }
                assert_eq!(
                    (again.root(), again.edge(), tiles),
                    (other.root(), other.edge(), others)
                );
                assert!(Growth::of_edge(size + 1, growth.edge().to_vec()).is_none());
            }
            growth.push(leaf(size), &mut |_| {});
        }
        assert!(Growth::of_edge(u64::MAX, Vec::new()).is_none());
        assert!(Growth::of_edge(0, vec![Vec::new()]).is_none());
    }

    #[test]
    fn the_root_is_that_of_the_rfc_at_every_size_and_the_tiles_are_its_subtrees() {
        let (mut growth, mut leaves) = (Growth::default(), Vec::new());
        let mut tiles = Vec::new();
        for size in 0..70_000_u64 {
            if size < 270 || [511, 512, 513, 65_535, 65_536, 65_537].contains(&size) {
                assert_eq!(growth.root(), naive(&leaves), "size {size}");
            }
            leaves.push(leaf(size));
            growth.push(leaf(size), &mut |tile| tiles.push(tile));
        }
        // The example of C2SP tlog-tiles: a tree of 70,000.
        let levels = |level| tiles.iter().filter(move |tile: &&Tile| tile.level == level).count();
        assert_eq!((levels(0), levels(1), levels(2)), (273, 1, 0));
        let widths: Vec<usize> = growth.edge().iter().map(Vec::len).collect();
        assert_eq!(widths, [112, 17, 1]);
        assert_eq!([0, 1, 2].map(|level| edge_width(70_000, level)), [112, 17, 1]);
        let all = tiles.iter().cloned().chain(growth.edge_tiles());
        for tile in all {
            let span = 1 << (tile.level * TILE_HEIGHT);
            for (place, hash) in tile.hashes.iter().enumerate() {
                let low = (usize::try_from(tile.index).unwrap() * TILE_WIDTH + place) * span;
                assert_eq!(*hash, naive(&leaves[low..low + span]));
            }
        }
    }
}
