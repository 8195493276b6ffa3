//! How far this process has followed the log: what whoever has written, or was told of a write, waits for.

use crate::bell::Bell;
use crate::snapshot::Snapshot;
use crate::token::{self, Epoch};
use domain::limits::FEED_LAG_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Shared by the tailer, which moves it, and those who ask. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begun: AtomicU64,
    reached: watch::Sender<Option<Reached>>,
    bell: Bell,
}

/// The last reading that was applied to the caches and handed on.
#[derive(Clone, Debug)]
struct Reached {
    turn: u64,
    began: Instant,
    at: Arc<Snapshot>,
    epoch: Epoch,
}

/// A moment that others can be asked to have reached. Form: that of a resume token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Progress {
    pub fn new(bell: Bell) -> Self {
        Self(Arc::new(Inner { begun: AtomicU64::new(0), reached: watch::Sender::new(None), bell }))
    }

    /// Before a reading takes its snapshot.
    pub(crate) fn begin(&self) -> u64 {
        self.0.begun.fetch_add(1, SeqCst) + 1
    }

    /// All that `at` sees is applied and handed on.
    pub(crate) fn reach(&self, turn: u64, began: Instant, at: &Snapshot, epoch: &Epoch) {
        self.0.reached.send_replace(Some(Reached { turn, began, at: Arc::new(at.clone()), epoch: epoch.clone() }));
    }

    /// Whether what was derived from the log is at most [`FEED_LAG_MAX`] old; else the database must be asked.
    pub fn is_fresh(&self) -> bool {
        self.0.reached.borrow().as_ref().is_some_and(|reached| reached.began.elapsed() <= FEED_LAG_MAX)
    }

    /// Whether all that this snapshot of the database saw is applied here.
    pub fn covers(&self, snapshot: &Snapshot) -> bool {
        self.0.reached.borrow().as_ref().is_some_and(|reached| reached.at.covers(snapshot))
    }

    /// Waits until all that was committed before this call is applied here, and answers where that is. `None`
    /// when it takes longer than [`FEED_LAG_MAX`]: by then [`Self::is_fresh`] says no, and keeps to that until
    /// it is.
    pub async fn catch_up(&self) -> Option<Position> {
        // Nobody reads yet, and nothing is derived: there is nothing to wait for.
        self.0.reached.borrow().as_ref()?;
        // One that has begun may have taken its snapshot before the commit.
        let want = self.0.begun.load(SeqCst) + 1;
        let mut reached = self.0.reached.subscribe();
        self.0.bell.ring_here();
        let there = reached.wait_for(|reached| reached.as_ref().is_some_and(|reached| reached.turn >= want));
        let reached = timeout(FEED_LAG_MAX, there).await.ok()?.ok()?;
        reached.as_ref().map(|reached| Position(token::write(&reached.epoch, &reached.at)))
    }

    /// Waits until this position, of whichever instance, is reached here. Says no when it is none of this
    /// database's history, or not reached within [`FEED_LAG_MAX`].
    pub async fn reaches(&self, position: &str) -> bool {
        let Ok(position) = token::read(position) else { return false };
        let mut reached = self.0.reached.subscribe();
        let there = |reached: &Option<Reached>| {
            reached.as_ref().is_some_and(|reached| position.moment(&reached.epoch).is_ok_and(|moment| reached.at.covers(moment)))
        };
        if there(&reached.borrow()) {
            return true;
        }
        self.0.bell.ring_here();
        timeout(FEED_LAG_MAX, reached.wait_for(there)).await.is_ok_and(|reached| reached.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use store::feed::Origin;

    fn at(text: &str) -> Snapshot {
        Snapshot::parse(text).unwrap()
    }

    fn epoch(of: &str) -> Epoch {
        Epoch::of(&Origin { database: of.to_owned(), recovered_us: 0 })
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_written_waits_for_a_reading_that_began_later() {
        let progress = Progress::new(Bell::new());
        assert!(progress.catch_up().await.is_none(), "nobody has read yet");
        let first = progress.begin();
        progress.reach(first, Instant::now(), &at("9:9:"), &epoch("a"));
        let under_way = progress.begin();
        let mut waiting = Box::pin(progress.catch_up());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        // It may not have seen the write.
        progress.reach(under_way, Instant::now(), &at("10:10:"), &epoch("a"));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let next = progress.begin();
        progress.reach(next, Instant::now(), &at("12:12:"), &epoch("a"));
        let position = waiting.await.unwrap();
        assert!(progress.reaches(position.as_str()).await);
        assert!(progress.catch_up().await.is_none(), "nobody reads any more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_position_is_reached_or_it_is_not() {
        let progress = Progress::new(Bell::new());
        let turn = progress.begin();
        progress.reach(turn, Instant::now(), &at("10:20:10"), &epoch("a"));
        let check = async |of: &str, snapshot: &str, expect: bool| {
            let position = token::write(&epoch(of), &at(snapshot));
            assert_eq!(progress.reaches(&position).await, expect, "{of} {snapshot}");
        };
        check("a", "10:20:10", true).await;
        check("a", "9:9:", true).await;
        check("a", "20:20:", false).await;
        check("b", "9:9:", false).await;
        assert!(!progress.reaches("nonsense").await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_grows_old() {
        let progress = Progress::new(Bell::new());
        assert!(!progress.is_fresh());
        let turn = progress.begin();
        // It is as old as its beginning: a reading that takes long has seen no more than that.
        progress.reach(turn, Instant::now(), &at("10:10:"), &epoch("a"));
        tokio::time::advance(FEED_LAG_MAX).await;
        assert!(progress.is_fresh());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!progress.is_fresh());
    }
}
