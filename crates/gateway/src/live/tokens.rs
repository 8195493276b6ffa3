//! The token that readers are given, and how much of what they were told it covers. It lags: a
//! batch is told at once, and its token given away only when no crash can take the batch back.

use feed::snapshot::Snapshot;
use std::collections::VecDeque;
use std::sync::Arc;

/// Batches remembered while no token covers them.
const WAITING_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Tokens {
    newest: Arc<str>,
    /// Batches told so far, and how many of them the newest token covers.
    told: u64,
    covered: u64,
    waiting: VecDeque<(u64, Snapshot)>,
}

impl Tokens {
    /// With a token of where the stream begins: nothing is told yet.
    pub(super) fn new(token: &str) -> Self {
        Self { newest: token.into(), told: 0, covered: 0, waiting: VecDeque::new() }
    }

    pub(super) fn newest(&self) -> &Arc<str> {
        &self.newest
    }

    /// Takes note of a batch (or a part of it) that is told up to here.
    pub(super) fn tell(&mut self, to: &Snapshot) {
        if self.waiting.back().is_some_and(|(_, last)| last == to) {
            return;
        }
        self.told += 1;
        if self.waiting.len() == WAITING_MAX {
            // Who covers the newer covers it too.
            self.waiting.pop_back();
        }
        self.waiting.push_back((self.told, to.clone()));
    }

    /// A newer token, of this moment.
    pub(super) fn release(&mut self, token: &str, at: &Snapshot) {
        self.newest = token.into();
        while let Some((batch, _)) = self.waiting.pop_front_if(|(_, to)| at.covers(to)) {
            self.covered = batch;
        }
    }

    /// Begins anew with this token: it covers all that counts of what was told.
    pub(super) fn begin_anew(&mut self, token: &str) {
        self.newest = token.into();
        self.covered = self.told;
        self.waiting.clear();
    }

    /// How much is told by now.
    pub(super) fn mark(&self) -> u64 {
        self.told
    }

    /// Whether the newest token covers what was told up to this mark.
    pub(super) fn covers(&self, mark: u64) -> bool {
        mark <= self.covered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(xmax: u64) -> Snapshot {
        Snapshot::parse(&format!("{xmax}:{xmax}:")).unwrap()
    }

    #[test]
    fn a_token_covers_what_was_told_before_its_moment() {
        let mut tokens = Tokens::new("a");
        assert!(tokens.covers(tokens.mark()));
        tokens.tell(&at(10));
        tokens.tell(&at(10));
        let first = tokens.mark();
        tokens.tell(&at(12));
        assert_eq!((first, tokens.mark()), (1, 2));
        tokens.release("b", &at(9));
        assert!(!tokens.covers(first));
        tokens.release("c", &at(11));
        assert!(tokens.covers(first) && !tokens.covers(tokens.mark()));
        tokens.begin_anew("d");
        assert!(tokens.covers(tokens.mark()));
        assert_eq!(tokens.newest().as_ref(), "d");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut tokens = Tokens::new("a");
        for n in 1..=10_000 {
            tokens.tell(&at(n));
        }
        assert_eq!(tokens.waiting.len(), WAITING_MAX);
        tokens.release("b", &at(9_999));
        assert!(!tokens.covers(tokens.mark()));
        tokens.release("c", &at(10_000));
        assert!(tokens.covers(tokens.mark()));
    }
}
