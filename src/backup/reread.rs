//! The events of a restore, read back before it commits: places and sequences in their order, leaves on other threads.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use sira_numbers::{Position, Version};
use tokio::task::JoinHandle;

use super::BackupError;
use crate::journal::{RecordedEvent, StreamId};

/// Events that were read back and are hashed at once, on another thread.
const HASHED_AT_ONCE: usize = 2_000;
/// Lots of them that may wait to be hashed.
const LOTS_AHEAD: usize = 4;

/// The events as they are read back.
pub(super) struct Reread {
    journal: Arc<str>,
    /// The last one that stands in its place.
    at: Position,
    versions: HashMap<StreamId, Version>,
    lot: Vec<RecordedEvent>,
    hashing: VecDeque<JoinHandle<Result<(), BackupError>>>,
}

impl Reread {
    pub fn new(journal: &str) -> Self {
        Self {
            journal: journal.into(),
            at: Position::START,
            versions: HashMap::new(),
            lot: Vec::with_capacity(HASHED_AT_ONCE),
            hashing: VecDeque::new(),
        }
    }

    /// The position of the last one.
    pub const fn at(&self) -> Position {
        self.at
    }

    /// Takes the next one: its place and its sequence follow; its leaf is held against its contents beside.
    pub async fn take(&mut self, event: RecordedEvent) -> Result<(), BackupError> {
        let known = self.versions.get_mut(&event.stream);
        let last = known.as_ref().map_or(Version::ZERO, |version| **version);
        if event.position != self.at.next() || event.sequence != last.next_sequence() {
            // One before it may be what is told of first.
            self.hashed(0).await?;
            return Err(BackupError::DamagedEvent { position: self.at });
        }
        match known {
            Some(version) => *version = version.next(),
            None => {
                self.versions.insert(event.stream.clone(), Version::ZERO.next());
            }
        }
        self.at = event.position;
        self.lot.push(event);
        if self.lot.len() == HASHED_AT_ONCE {
            self.hash();
            self.hashed(LOTS_AHEAD).await?;
        }
        Ok(())
    }

    fn hash(&mut self) {
        let lot = std::mem::replace(&mut self.lot, Vec::with_capacity(HASHED_AT_ONCE));
        let journal = self.journal.clone();
        self.hashing.push_back(tokio::task::spawn_blocking(move || {
            let is_wrong =
                |event: &&RecordedEvent| event.computed_leaf(&journal) != Ok(event.leaf_hash);
            match lot.iter().find(is_wrong) {
                Some(event) => Err(BackupError::DamagedEvent { position: event.position.before() }),
                None => Ok(()),
            }
        }));
    }

    /// Waits until so many lots at most are still being hashed.
    async fn hashed(&mut self, left: usize) -> Result<(), BackupError> {
        if left == 0 {
            self.hash();
        }
        while self.hashing.len() > left {
            let Some(hashed) = self.hashing.pop_front() else { break };
            hashed.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        }
        Ok(())
    }

    /// The last position, once every leaf was found right.
    pub async fn end(mut self) -> Result<Position, BackupError> {
        self.hashed(0).await?;
        Ok(self.at)
    }
}
