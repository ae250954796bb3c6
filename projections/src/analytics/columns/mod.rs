//! The facts of a measure in memory, in the order of positions: packed blocks, and the latest as they came.
//!
//! What is packed changes in one column alone: where a fact has ended. So a fact of a person takes some twenty
//! bytes, and a walk reads the columns that it needs and no other.

mod block;
mod column;
mod opened;
mod profiles;

use sira_numbers::Position;

use super::facts::fact::{Dims, FigureFact, Tells};
use super::facts::{DayNumber, Measure};
pub use block::Block;
pub use opened::{Opened, Seen};
pub use profiles::Profiles;

/// Facts of a block. A walk may pass over a whole one by its days.
pub const BLOCK: usize = 1024;

/// A fact that is not packed yet, with the code of what it is broken down by.
#[derive(Clone, Copy, Debug)]
pub struct OpenFact {
    fact: FigureFact,
    profile: u32,
}

/// The facts of one measure.
#[derive(Debug, Default)]
pub struct FactColumns {
    blocks: Vec<Block>,
    /// Fewer than a block.
    open: Vec<OpenFact>,
}

/// One fact where it lies: what is asked of it is read from its column.
#[derive(Clone, Copy, Debug)]
pub enum Row<'c> {
    /// In a block.
    Packed(&'c Block, usize),
    /// As it came.
    Open(&'c OpenFact),
}

impl FactColumns {
    /// Adds a fact; they come in the order of positions.
    pub fn push(&mut self, fact: FigureFact, profile: u32) {
        self.open.push(OpenFact { fact, profile });
        if let Some(block) = Block::pack(&self.open) {
            self.blocks.push(block);
            self.open.clear();
        }
    }

    /// Ends the fact that was told at a position with a number there; says whether there is one.
    pub fn end(&mut self, key: (Position, u16), until: Position) -> bool {
        let block = self.blocks.partition_point(|block| block.last() < key.0);
        // What one position told may lie on both sides of a border.
        for block in self.blocks.iter_mut().skip(block).take_while(|block| block.first() <= key.0) {
            let place = block.place_of(key);
            if place < BLOCK && (block.since_at(place), block.part_at(place)) == key {
                block.end(place, until);
                return true;
            }
        }
        let found = self.open.binary_search_by_key(&key, |open| (open.fact.since, open.fact.part));
        let Some(open) = found.ok().and_then(|place| self.open.get_mut(place)) else {
            return false;
        };
        open.fact.until = until;
        true
    }

    /// How many facts were told up to a position, also those that have ended since.
    pub fn told(&self, position: Position) -> usize {
        let whole = self.blocks.partition_point(|block| block.last() <= position);
        let Some(block) = self.blocks.get(whole) else {
            let open = self.open.partition_point(|open| open.fact.since <= position);
            return whole * BLOCK + open;
        };
        whole * BLOCK + block.told(position)
    }

    /// Each fact that stood at a position, but for those of blocks that are passed over.
    #[inline]
    pub fn scan<'c>(
        &'c self,
        position: Position,
        is_passed: impl Fn(&Block) -> bool,
        mut take: impl FnMut(Row<'c>),
    ) {
        for block in self.blocks.iter().take_while(|block| block.first() <= position) {
            if is_passed(block) {
                continue;
            }
            let told = block.told(position);
            if block.is_whole() {
                (0..told).for_each(|place| take(Row::Packed(block, place)));
                continue;
            }
            for place in 0..told {
                if position < block.until_at(place) {
                    take(Row::Packed(block, place));
                }
            }
        }
        for open in self.open.iter().take_while(|open| open.fact.since <= position) {
            if position < open.fact.until {
                take(Row::Open(open));
            }
        }
    }

    /// The same for counting: blocks are unpacked as a whole.
    #[inline]
    pub fn scan_opened(
        &self,
        position: Position,
        is_passed: impl Fn(&Block) -> bool,
        mut take: impl FnMut(Seen<'_>),
    ) {
        let mut opened = Opened::new();
        for block in self.blocks.iter().take_while(|block| block.first() <= position) {
            if is_passed(block) {
                continue;
            }
            let (told, is_opened) = (block.told(position), opened.open(block));
            for place in 0..told {
                if position < block.until_at(place) {
                    take(if is_opened {
                        Seen::Opened(&opened, place)
                    } else {
                        Seen::Row(Row::Packed(block, place))
                    });
                }
            }
        }
        for open in self.open.iter().take_while(|open| open.fact.since <= position) {
            if position < open.fact.until {
                take(Seen::Row(Row::Open(open)));
            }
        }
    }

    /// Every fact, in the order of positions.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let packed = self.blocks.iter();
        let packed = packed.flat_map(|block| (0..BLOCK).map(|place| Row::Packed(block, place)));
        packed.chain(self.open.iter().map(Row::Open))
    }

    /// Bytes of memory that they take.
    pub fn heap_bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>()
            + self.blocks.iter().map(Block::heap_bytes).sum::<usize>()
            + self.open.capacity() * size_of::<OpenFact>()
    }
}

impl Row<'_> {
    /// The path that told it.
    #[inline]
    pub fn case(self) -> u32 {
        match self {
            Self::Packed(block, place) => block.case_at(place),
            Self::Open(open) => open.fact.case,
        }
    }

    /// Its day.
    #[inline]
    pub fn on(self) -> i32 {
        match self {
            Self::Packed(block, place) => block.on_at(place),
            Self::Open(open) => open.fact.on,
        }
    }

    /// The day from which it is so no longer.
    #[inline]
    pub fn ends_on(self) -> Option<DayNumber> {
        match self {
            Self::Packed(block, place) => block.ends_on_at(place),
            Self::Open(open) => open.fact.ends_on,
        }
    }

    /// The code of what it is broken down by.
    #[inline]
    pub fn profile(self) -> u32 {
        match self {
            Self::Packed(block, place) => block.profile_at(place),
            Self::Open(open) => open.profile,
        }
    }

    /// What it is broken down by.
    #[inline]
    pub fn dims(self, profiles: &Profiles) -> Dims {
        match self {
            Self::Packed(block, place) => block.dims_at(place, profiles),
            Self::Open(open) => open.fact.dims,
        }
    }

    /// What it tells.
    #[inline]
    pub fn tells(self) -> Tells {
        match self {
            Self::Packed(block, place) => block.tells_at(place),
            Self::Open(open) => open.fact.tells,
        }
    }

    /// The position that took it back.
    pub fn until(self) -> Position {
        match self {
            Self::Packed(block, place) => block.until_at(place),
            Self::Open(open) => open.fact.until,
        }
    }

    /// The position that told it.
    pub fn since(self) -> Position {
        match self {
            Self::Packed(block, place) => block.since_at(place),
            Self::Open(open) => open.fact.since,
        }
    }

    /// The whole fact.
    pub fn fact(self, profiles: &Profiles) -> FigureFact {
        let (block, place) = match self {
            Self::Open(open) => return open.fact,
            Self::Packed(block, place) => (block, place),
        };
        FigureFact {
            since: block.since_at(place),
            until: block.until_at(place),
            tells: block.tells_at(place),
            dims: block.dims_at(place, profiles),
            case: block.case_at(place),
            sequence: block.sequence_at(place),
            on: block.on_at(place),
            ends_on: block.ends_on_at(place),
            part: block.part_at(place),
        }
    }
}

/// The columns of every measure.
pub fn of_every_measure() -> Vec<FactColumns> {
    Measure::ALL.iter().map(|_| FactColumns::default()).collect()
}
