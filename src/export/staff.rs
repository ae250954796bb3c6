//! Names that stand for the staff's in what leaves the house.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::keys::IndexKey;
use sira_evidence::leaf::hex;

/// The kind of term that an actor is to the index key: none of those that people are looked up by.
const ACTOR: u8 = 64;
/// Bytes of the hash that a name has: enough that no two of a staff share one.
const NAME_BYTES: usize = 8;
/// Names that are remembered; a programme's staff is far below it.
const REMEMBERED_MAX: usize = 10_000;

/// Gives each member of the staff a name that says nothing, the same in every export of this key
/// store: who handled how much can be counted, and files can be joined, without knowing who it was.
/// Whoever has the key can try a login against it; nobody else can.
pub struct StaffNames {
    key: IndexKey,
    known: Mutex<BTreeMap<String, String>>,
}

impl StaffNames {
    /// The names that an index key gives.
    #[must_use]
    pub fn new(key: IndexKey) -> Self {
        Self { key, known: Mutex::new(BTreeMap::new()) }
    }

    /// The name that stands for an actor's, such as `staff-91ab3c04d5e6f708`.
    #[must_use]
    pub fn of(&self, actor: &str) -> String {
        let mut known = self.known.lock();
        if let Some(name) = known.get(actor) {
            return name.clone();
        }
        let name = format!("staff-{}", hex(&self.key.token(ACTOR, actor)[..NAME_BYTES]));
        if known.len() < REMEMBERED_MAX {
            known.insert(actor.to_owned(), name.clone());
        }
        name
    }
}
