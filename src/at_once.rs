//! How many things one holder may have under way at once: connections of an address, streams, uploads and
//! questions of a token. Memory is that of what is under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;

type Held<K> = Arc<Mutex<HashMap<K, usize>>>;

/// So many at once for each key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AtOnce<K: Eq + Hash> {
    held: Held<K>,
    limit: usize,
}

/// One of them; given back when it is dropped.
#[derive(Debug)]
pub struct Share<K: Eq + Hash> {
    held: Held<K>,
    key: K,
}

impl<K: Copy + Eq + Hash> AtOnce<K> {
    /// So many for each key.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { held: Arc::default(), limit }
    }

    /// A share of a key, if it has one left.
    #[must_use]
    pub fn enter(&self, key: K) -> Option<Share<K>> {
        let mut held = self.held.lock();
        let count = held.entry(key).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Share { held: Arc::clone(&self.held), key })
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_shares_and_leaves_nothing_behind() {
        let shares = AtOnce::new(2);
        let held = [shares.enter("a"), shares.enter("a")];
        assert!(held.iter().all(Option::is_some) && shares.enter("a").is_none());
        assert!(shares.enter("b").is_some());
        drop(held);
        assert!(shares.enter("a").is_some() && shares.held.lock().is_empty());
    }
}
