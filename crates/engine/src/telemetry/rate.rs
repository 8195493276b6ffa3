//! How many records a second are kept.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Rate(AtomicU64);

impl Rate {
    pub(crate) fn count(&self, records: usize) {
        self.0.fetch_add(records as u64, Relaxed);
    }

    /// Since the moment of the last answer, which `since` is moved on from.
    #[expect(clippy::cast_precision_loss, reason = "for the eye")]
    pub(crate) fn per_s(&self, since: &mut Instant) -> f64 {
        let now = Instant::now();
        let elapsed_s = now.duration_since(std::mem::replace(since, now)).as_secs_f64();
        let records = self.0.swap(0, Relaxed) as f64;
        if elapsed_s > 0.0 { records / elapsed_s } else { 0.0 }
    }
}
