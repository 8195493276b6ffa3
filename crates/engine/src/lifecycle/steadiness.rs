//! Whether signs of life can be trusted. After an outage of the database servers that live look like gone
//! ones, until they have told again: nobody decides meanwhile who has stopped, or who has to.

use domain::limits::{HEARTBEAT_LAPSE, HEARTBEAT_PERIOD};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A longer silence of our own signs of life is an outage.
const SILENCE_MAX: Duration = Duration::from_secs(HEARTBEAT_LAPSE.as_secs() / 2);
/// Within that everybody who lives has told so again.
const RECOVERY: Duration = Duration::from_secs(2 * HEARTBEAT_PERIOD.as_secs());

pub(super) struct Steadiness {
    /// When this server last told that it lives.
    alive: watch::Receiver<Option<Instant>>,
    last: Option<Instant>,
    steady_from: Option<Instant>,
}

impl Steadiness {
    pub(super) const fn new(alive: watch::Receiver<Option<Instant>>) -> Self {
        Self { alive, last: None, steady_from: None }
    }

    /// Asked more often than there are signs of life.
    pub(super) fn is_steady(&mut self) -> bool {
        let (now, told) = (Instant::now(), *self.alive.borrow());
        if let (Some(before), Some(told)) = (self.last, told)
            && told - before > SILENCE_MAX
        {
            self.steady_from = Some(told + RECOVERY);
        }
        self.last = told;
        let is_silent = told.is_none_or(|told| now - told > SILENCE_MAX);
        !is_silent && self.steady_from.is_none_or(|from| from <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_silence_it_takes_a_while() {
        let (tells, alive) = watch::channel(None);
        let mut steadiness = Steadiness::new(alive);
        assert!(!steadiness.is_steady(), "it has not told yet");
        let mut check = async |after_s: u64, tells_now: bool, expect: bool| {
            tokio::time::advance(Duration::from_secs(after_s)).await;
            if tells_now {
                tells.send_replace(Some(Instant::now()));
            }
            assert_eq!(steadiness.is_steady(), expect, "after {after_s} s");
        };
        // A process that starts decides at once.
        check(0, true, true).await;
        check(5, true, true).await;
        check(16, false, false).await;
        check(10, true, false).await;
        check(5, true, false).await;
        check(4, false, false).await;
        check(1, true, true).await;
    }
}
