//! How fast devices are read. Who sends faster is not refused: it is read later, and waits.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// So many a second, and those of one second at once.
pub(crate) struct Pace {
    /// For one.
    each: Duration,
    /// When all that were read would have been, one after the other.
    level: Mutex<Instant>,
}

impl Pace {
    pub(crate) fn new(per_s: u32) -> Self {
        Self { each: Duration::from_secs(1) / per_s.max(1), level: Mutex::new(Instant::now()) }
    }

    /// So many were read.
    pub(crate) fn count(&self, many: usize) {
        let took = self.each.saturating_mul(u32::try_from(many).unwrap_or(u32::MAX));
        let mut level = self.level.lock();
        *level = (*level).max(Instant::now()) + took;
    }

    /// Waits until more may be read.
    pub(crate) async fn ready(&self) {
        const AT_ONCE: Duration = Duration::from_secs(1);
        let level = *self.level.lock();
        if let Some(from) = level.checked_sub(AT_ONCE)
            && from > Instant::now()
        {
            metrics::counter!("synops_telemetry_slowed_total").increment(1);
            sleep_until(from).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_too_fast_waits() {
        let (pace, began) = (Pace::new(100), Instant::now());
        for _ in 0..10 {
            pace.ready().await;
            pace.count(10);
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "of one second at once");
        pace.count(50);
        pace.ready().await;
        assert_eq!(began.elapsed().as_millis(), 500);
        pace.count(1_000);
        pace.ready().await;
        assert_eq!(began.elapsed().as_millis(), 10_500, "no faster over time");
        tokio::time::advance(Duration::from_secs(100)).await;
        pace.count(100);
        pace.ready().await;
        assert_eq!(began.elapsed().as_millis(), 110_500, "who was slow before is no faster later");
    }
}
