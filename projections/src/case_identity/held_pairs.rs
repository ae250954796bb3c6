//! The pairs of a rebuild, in memory: what [`super::pairs`] says in SQL.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use sira_domain::likeness::Likeness;
use sira_numbers::Position;
use uuid::Uuid;

use super::pairs::{Decision, reasons_text};

/// A pair as it is stored; its ids are the key that it is held by.
pub(super) struct HeldPair {
    pub score: u8,
    pub reasons: String,
    pub found: Position,
    /// What was decided, and where; nothing of one that is open.
    pub decided: Option<(Decision, Position)>,
}

/// Every pair.
#[derive(Default)]
pub(super) struct HeldPairs {
    pairs: FxHashMap<(Uuid, Uuid), HeldPair>,
    partners: FxHashMap<Uuid, BTreeSet<Uuid>>,
}

/// A pair's two ids, the lesser first.
fn ordered(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}

impl HeldPairs {
    fn is_open(&self, one: Uuid, other: Uuid) -> bool {
        self.pairs.get(&ordered(one, other)).is_some_and(|pair| pair.decided.is_none())
    }

    /// Whether two were linked or told apart.
    pub fn is_decided(&self, one: Uuid, other: Uuid) -> bool {
        self.pairs.get(&ordered(one, other)).is_some_and(|pair| pair.decided.is_some())
    }

    fn insert(&mut self, (one, other): (Uuid, Uuid), pair: HeldPair) {
        self.partners.entry(one).or_default().insert(other);
        self.partners.entry(other).or_default().insert(one);
        self.pairs.insert(ordered(one, other), pair);
    }

    fn remove(&mut self, one: Uuid, other: Uuid) -> Option<HeldPair> {
        for (of, partner) in [(one, other), (other, one)] {
            if let Some(partners) = self.partners.get_mut(&of) {
                partners.remove(&partner);
            }
        }
        self.pairs.remove(&ordered(one, other))
    }

    fn partners(&self, id: Uuid) -> Vec<Uuid> {
        self.partners.get(&id).into_iter().flatten().copied().collect()
    }

    /// As [`super::pairs::put_pairs`].
    pub fn put(&mut self, id: Uuid, pairs: &[(Uuid, Likeness)], position: Position) {
        for (with, likeness) in pairs {
            let (score, reasons) = (likeness.score, reasons_text(&likeness.reasons));
            match self.pairs.get_mut(&ordered(id, *with)) {
                Some(known) if known.decided.is_none() => {
                    (known.score, known.reasons) = (score, reasons);
                }
                Some(_) => {}
                None => {
                    let pair = HeldPair { score, reasons, found: position, decided: None };
                    self.insert((id, *with), pair);
                }
            }
        }
    }

    /// As [`super::pairs::drop_open_pairs`].
    pub fn drop_open(&mut self, id: Uuid, kept: &[(Uuid, Likeness)]) {
        for other in self.partners(id) {
            if self.is_open(id, other) && !kept.iter().any(|(with, _)| *with == other) {
                self.remove(id, other);
            }
        }
    }

    /// As [`super::pairs::drop_pairs`].
    pub fn drop_all_of(&mut self, id: Uuid) {
        for other in self.partners(id) {
            self.remove(id, other);
        }
        self.partners.remove(&id);
    }

    /// As [`super::pairs::decide_pair`].
    pub fn decide(&mut self, (one, other): (Uuid, Uuid), decision: Decision, at: Position) {
        let decided = Some((decision, at));
        if let Some(known) = self.pairs.get_mut(&ordered(one, other)) {
            known.decided = decided;
            return;
        }
        let pair = HeldPair { score: 0, reasons: String::new(), found: at, decided };
        self.insert((one, other), pair);
    }

    /// As [`super::pairs::reconsider_pair`].
    pub fn reconsider(&mut self, (one, other): (Uuid, Uuid)) {
        let known = self.pairs.get(&ordered(one, other));
        let is_told_apart = |pair: &HeldPair| {
            pair.decided.is_some_and(|(decision, _)| decision == Decision::ToldApart)
        };
        if known.is_some_and(is_told_apart) {
            self.remove(one, other);
        }
    }

    /// As [`super::pairs::move_open_pairs`].
    pub fn move_open(&mut self, frozen: Uuid, continuing: Uuid, position: Position) {
        for other in self.partners(frozen) {
            if !self.is_open(frozen, other) {
                continue;
            }
            let Some(pair) = self.remove(frozen, other) else { continue };
            if other != continuing && !self.pairs.contains_key(&ordered(other, continuing)) {
                self.insert((other, continuing), HeldPair { found: position, ..pair });
            }
        }
    }

    /// Every pair, in the order of the table's key.
    pub fn into_sorted(self) -> Vec<((Uuid, Uuid), HeldPair)> {
        let mut all: Vec<_> = self.pairs.into_iter().collect();
        all.sort_unstable_by_key(|(ids, _)| *ids);
        all
    }
}
