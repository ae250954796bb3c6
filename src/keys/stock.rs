//! Keys made ahead: durable already, and whose nobody is yet.
//!
//! A registration takes one from here, so that it costs no commit of its own in the key store.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::PersonKey;

/// The first block: what a small office needs in a day.
const FIRST_BLOCK: usize = 16;
/// The largest block: a few milliseconds of work, and a commit that a thousand registrations share.
const LARGEST_BLOCK: usize = 1_024;

/// The right to make the next block. Held by one task at a time.
pub(super) type Turn = OwnedMutexGuard<()>;

/// The keys that are ready, and how many to make next.
#[derive(Default)]
pub(super) struct Stock {
    // A std mutex: it is held for a push or a pop, never across an await.
    shelf: Mutex<Shelf>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Shelf {
    keys: Vec<PersonKey>,
    /// Size of the last block; 0 before the first.
    block: usize,
    /// How often making a block has failed, so that those who waited for it need not try in turn.
    failures: u64,
}

impl Shelf {
    fn is_low(&self) -> bool {
        self.keys.len() < self.block / 2
    }

    fn grow(&mut self) -> usize {
        self.block = (self.block * 2).clamp(FIRST_BLOCK, LARGEST_BLOCK);
        self.block
    }
}

impl Stock {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing on the shelf is ever half changed, so a panic elsewhere does not spoil it.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A key, if one is ready.
    pub(super) fn pop(&self) -> Option<PersonKey> {
        self.shelf().keys.pop()
    }

    /// Puts a block of fresh keys on the shelf.
    pub(super) fn put(&self, mut block: Vec<PersonKey>) {
        self.shelf().keys.append(&mut block);
    }

    /// The turn to make a block ahead, when less than half a block is left and nobody has the turn.
    pub(super) fn turn_if_low(&self) -> Option<Turn> {
        let is_low = self.shelf().is_low();
        is_low.then(|| Arc::clone(&self.turn).try_lock_owned().ok()).flatten()
    }

    /// Waits for the turn to make a block. First come, first served.
    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// How many keys to make ahead.
    pub(super) fn same_block(&self) -> usize {
        self.shelf().block.max(FIRST_BLOCK)
    }

    /// How many keys to make now that a caller found the shelf empty: twice as many as last time.
    pub(super) fn larger_block(&self) -> usize {
        self.shelf().grow()
    }

    pub(super) fn failures(&self) -> u64 {
        self.shelf().failures
    }

    pub(super) fn note_failure(&self) {
        self.shelf().failures += 1;
    }

    /// Throws the keys away. Their rows stay, and seal nothing.
    pub(super) fn clear(&self) {
        drop(mem::take(&mut self.shelf().keys));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_double_under_demand_up_to_the_largest() {
        let stock = Stock::default();
        let sizes: Vec<_> = (0..8).map(|_| stock.larger_block()).collect();
        assert_eq!(sizes, [16, 32, 64, 128, 256, 512, 1_024, 1_024]);
        assert_eq!(stock.same_block(), 1_024);
    }

    #[test]
    fn only_one_task_makes_a_block_ahead() {
        let stock = Stock::default();
        assert!(stock.turn_if_low().is_none(), "nothing was asked for yet");
        stock.larger_block();
        let turn = stock.turn_if_low();
        assert!(turn.is_some());
        assert!(stock.turn_if_low().is_none());
        drop(turn);
        assert!(stock.turn_if_low().is_some());
    }
}
