//! The stream versions this process knows, so that most batches need not read them.
//!
//! Two kinds of knowledge, and the difference is what keeps the optimistic pass correct:
//! - **A floor.** Events never vanish, so a version once seen committed is reached for ever. A floor
//!   never needs to be taken back, whoever else writes. Together with the primary key of `events` it
//!   proves an expected version: floor says "not below", the key says "not above".
//! - **Exactness.** Whether nothing lies above the floor is known only for streams that were read or
//!   written under the lock of the head row, and only until somebody else moves the head. A guard
//!   needs this, since no key protects it.

use std::collections::HashMap;

use sira_numbers::{Position, Version};

use crate::JournalError;
use crate::StreamId;

/// Entries in each of the two generations: some 20 MB in all when full.
const GENERATION_LIMIT: usize = 131_072;

/// The era of an entry that was never exact.
const NO_ERA: u64 = 0;

#[derive(Clone, Copy)]
struct Entry {
    version: Version,
    /// The era in which the entry is exact; a later era only has it as a floor.
    era: u64,
}

/// What is known about one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It stands exactly here as long as the head row is locked and unmoved.
    Exact(Version),
    /// It stands here or higher. Floor 0 is what is known of any stream.
    AtLeast(Version),
}

/// The map. Old entries leave a generation at a time: cheaper than a list ordered by use, and losing
/// one only costs a read.
pub(crate) struct Versions {
    young: HashMap<StreamId, Entry>,
    old: HashMap<StreamId, Entry>,
    era: u64,
    /// The head's next position when this process last held its lock; none before the first time.
    next_position: Option<Position>,
}

impl Versions {
    pub fn new() -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), era: NO_ERA + 1, next_position: None }
    }

    pub fn known(&self, stream: &StreamId) -> Known {
        match self.entry(stream) {
            Some(entry) if entry.era == self.era => Known::Exact(entry.version),
            Some(entry) => Known::AtLeast(entry.version),
            None => Known::AtLeast(Version::ZERO),
        }
    }

    fn entry(&self, stream: &StreamId) -> Option<Entry> {
        self.young.get(stream).or_else(|| self.old.get(stream)).copied()
    }

    /// A version seen committed, by whatever read.
    pub fn saw(&mut self, stream: &StreamId, version: Version) {
        let higher = self.entry(stream).is_none_or(|known| known.version < version);
        if higher {
            self.put(stream, Entry { version, era: NO_ERA });
        }
    }

    /// A version read or written under the lock of the head row.
    pub fn settle(&mut self, stream: &StreamId, version: Version) {
        let era = self.era;
        self.put(stream, Entry { version, era });
    }

    fn put(&mut self, stream: &StreamId, entry: Entry) {
        if self.young.len() >= GENERATION_LIMIT && !self.young.contains_key(stream) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream.clone(), entry);
    }

    /// To be called with the head row locked, before anything else is asked: if the head is not where
    /// this process left it, others have written, and nothing is exact any more.
    pub fn enter(&mut self, next_position: Position) -> Result<(), JournalError> {
        let last = self.next_position.replace(next_position);
        if last == Some(next_position) {
            return Ok(());
        }
        self.era += 1;
        match last {
            Some(last) if last > next_position => Err(self.fell_back(last, next_position)),
            _ => Ok(()),
        }
    }

    /// The head went backwards: what was acknowledged is gone, and every cache of this process shows
    /// it still. Loud, and again at every batch, until the process is started anew.
    fn fell_back(&mut self, last: Position, next_position: Position) -> JournalError {
        self.next_position = Some(last);
        JournalError::Inconsistent {
            table: "journal_head",
            id: next_position.to_string(),
            problem: format!("the head stood at {last} before; was a backup restored?"),
        }
    }

    /// Forgets every stream, for a new connection: after a failover the floors may be another
    /// server's. Where the head stood is kept, so that one that fell back is noticed.
    pub fn forget(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// Where this process last saw or left the head, under its lock.
    pub fn stands_at(&self) -> Option<Position> {
        self.next_position
    }

    /// This process committed up to `next_position`, under the lock it took when it called `enter`.
    pub fn advance(&mut self, next_position: Position) {
        self.next_position = Some(next_position);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_foreign_commit_ends_exactness_but_not_the_floor() {
        let stream = StreamId::new("A", Uuid::nil());
        let version = Version::from(3);
        let mut versions = Versions::new();
        versions.enter(1.into()).unwrap();
        versions.settle(&stream, version);
        versions.advance(4.into());
        versions.enter(4.into()).unwrap();
        assert_eq!(versions.known(&stream), Known::Exact(version));
        versions.enter(5.into()).unwrap();
        assert_eq!(versions.known(&stream), Known::AtLeast(version));
    }

    #[test]
    fn a_head_that_fell_back_is_refused_again_and_again() {
        let mut versions = Versions::new();
        versions.enter(10.into()).unwrap();
        assert!(versions.enter(9.into()).is_err());
        assert!(versions.enter(9.into()).is_err());
        assert!(versions.enter(10.into()).is_ok());
    }
}
