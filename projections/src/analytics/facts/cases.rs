//! The paths that facts are of.

use std::hash::{BuildHasher as _, RandomState};

use sira_numbers::counted;
use uuid::Uuid;

/// A slot of no path.
const EMPTY: u32 = u32::MAX;

/// The paths that facts are of, by place. Each id is held once: what finds its place again is a table of places, of
/// four bytes and at most three quarters full.
#[derive(Debug, Default)]
pub struct Cases {
    ids: Vec<Uuid>,
    /// As many as a power of two, or none; a place lies at its hash, or in the next slot that is free.
    slots: Vec<u32>,
    /// Ids come from those who register people: their hashes are nobody's to choose.
    hashes: RandomState,
}

impl Cases {
    /// The place of a path, which is given one when it is new.
    pub fn place(&mut self, id: Uuid) -> u32 {
        if self.slots.len() * 3 <= self.ids.len() * 4 {
            self.grow();
        }
        let slot = self.slot(id);
        if self.slots[slot] == EMPTY {
            self.slots[slot] = counted(self.ids.len());
            self.ids.push(id);
        }
        self.slots[slot]
    }

    /// The slot of a path: its own, or the free one that it may have. One is always free.
    fn slot(&self, id: Uuid) -> usize {
        let last = self.slots.len() - 1;
        let hash = self.hashes.hash_one(id);
        let mut slot = usize::try_from(hash & last as u64).unwrap_or_default();
        while self.slots[slot] != EMPTY && self.ids[self.slots[slot] as usize] != id {
            slot = (slot + 1) & last;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![EMPTY; (self.slots.len() * 2).max(16)];
        for place in 0..self.ids.len() {
            let slot = self.slot(self.ids[place]);
            self.slots[slot] = counted(place);
        }
    }

    /// The path at a place.
    #[must_use]
    pub fn id(&self, place: u32) -> Option<Uuid> {
        self.ids.get(place as usize).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Bytes of memory that they take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.ids.capacity() * size_of::<Uuid>() + self.slots.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_place_as_others_come() {
        let mut cases = Cases::default();
        for round in 0..2 {
            for number in 0..5_000_u32 {
                assert_eq!(
                    cases.place(Uuid::from_u128(u128::from(number) << 7)),
                    number,
                    "{round}"
                );
            }
        }
        assert_eq!(cases.len(), 5_000);
        assert_eq!(cases.id(77), Some(Uuid::from_u128(77 << 7)));
        assert_eq!(cases.id(5_000), None);
    }
}
