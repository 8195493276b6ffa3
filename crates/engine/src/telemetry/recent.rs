//! What is remembered of devices, with a bound.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// So many at most: who was not asked for longest makes room.
pub(super) struct Recent<K, V> {
    max: usize,
    turn: u64,
    by_key: HashMap<K, (u64, V)>,
    by_turn: BTreeMap<u64, K>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Self { max, turn: 0, by_key: HashMap::new(), by_turn: BTreeMap::new() }
    }

    /// What is remembered of it, and if nothing is, this.
    pub(super) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        self.turn += 1;
        if self.by_key.len() >= self.max
            && !self.by_key.contains_key(&key)
            && let Some((_, oldest)) = self.by_turn.pop_first()
        {
            self.by_key.remove(&oldest);
        }
        let (turn, value) = self.by_key.entry(key).or_insert_with(|| (0, new()));
        self.by_turn.remove(turn);
        self.by_turn.insert(self.turn, key);
        *turn = self.turn;
        value
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.by_key.get(key).map(|(_, value)| value)
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some((turn, _)) = self.by_key.remove(key) {
            self.by_turn.remove(&turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_not_asked_for_longest_makes_room() {
        let mut recent = Recent::new(3);
        for key in [1, 2, 3] {
            *recent.entry(key, || 0) += key;
        }
        *recent.entry(1, || 0) += 10;
        recent.entry(4, || 4);
        assert_eq!([1, 2, 3, 4].map(|key| recent.get(&key).copied()), [Some(11), None, Some(3), Some(4)]);
        recent.remove(&3);
        recent.remove(&3);
        recent.entry(5, || 5);
        recent.entry(6, || 6);
        assert_eq!([1, 4, 5, 6].map(|key| recent.get(&key).copied()), [None, Some(4), Some(5), Some(6)]);
        assert_eq!((recent.by_key.len(), recent.by_turn.len()), (3, 3));
    }
}
