//! When a position may be given away as a token. A crash of PostgreSQL takes back what was not
//! flushed and uses its transaction ids again: a token is good only once the log of the database is
//! flushed beyond where it stood when the token's snapshot was taken.

use crate::snapshot::Snapshot;
use std::collections::VecDeque;

/// Positions kept at most while none can be released; the newest are kept.
const WAITING_MAX: usize = 256;

#[derive(Debug)]
pub(crate) struct Release {
    released: Option<Snapshot>,
    waiting: VecDeque<(Snapshot, i64)>,
}

impl Release {
    pub(crate) fn new() -> Self {
        Self { released: None, waiting: VecDeque::new() }
    }

    /// The newest position that survives a crash.
    pub(crate) fn released(&self) -> Option<&Snapshot> {
        self.released.as_ref()
    }

    /// Whether all that was read is released.
    pub(crate) fn is_level(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn reached(&mut self, snapshot: Snapshot, inserted_lsn: i64) {
        if self.waiting.len() == WAITING_MAX {
            // The one before the newest: the oldest is the next that can be released.
            self.waiting.remove(WAITING_MAX - 2);
        }
        self.waiting.push_back((snapshot, inserted_lsn));
    }

    /// Takes note of how far the log is flushed; true when a newer position was released by it.
    pub(crate) fn flushed(&mut self, flushed_lsn: i64) -> bool {
        let mut moved = false;
        while self.waiting.front().is_some_and(|(_, inserted)| *inserted <= flushed_lsn) {
            self.released = self.waiting.pop_front().map(|(snapshot, _)| snapshot);
            moved = true;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(xmax: u64) -> Snapshot {
        Snapshot::parse(&format!("{xmax}:{xmax}:")).unwrap()
    }

    #[test]
    fn a_position_is_released_once_flushed() {
        let mut release = Release::new();
        release.reached(at(10), 100);
        release.reached(at(11), 200);
        assert!(!release.flushed(99));
        assert_eq!(release.released(), None);
        assert!(release.flushed(150));
        assert_eq!(release.released(), Some(&at(10)));
        assert!(!release.is_level());
        assert!(release.flushed(200) && release.is_level());
        assert!(!release.flushed(1_000), "nothing new");
    }

    #[test]
    fn what_waits_is_bounded_and_the_newest_is_kept() {
        let mut release = Release::new();
        for n in 1..=10_000 {
            release.reached(at(n), i64::try_from(n).unwrap());
        }
        assert!(release.waiting.len() <= WAITING_MAX);
        assert!(release.flushed(10_000));
        assert_eq!(release.released(), Some(&at(10_000)));
    }
}
