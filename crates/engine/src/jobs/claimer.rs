//! Takes from the queue what there is room for.

use super::Patience;
use super::Stop;
use super::bell::Bell;
use super::desk::{Desk, Why};
use super::reporter::Report;
use super::runner::Runner;
use domain::limits::{JOB_CLAIM_MAX, JOB_POLL};
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::job::Wanted;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(super) struct Claimer {
    pub(super) pool: Pool,
    pub(super) worker_id: Uuid,
    pub(super) desk: Arc<Desk>,
    pub(super) runner: Arc<Runner>,
    pub(super) bell: Bell,
    pub(super) alive: watch::Receiver<Option<Instant>>,
    pub(super) tracker: TaskTracker,
    pub(super) stop: Stop,
}

/// What a look at the queue found.
enum Found {
    /// There may be more.
    Full,
    /// Nothing more for so long.
    All(Duration),
}

impl Claimer {
    /// Until it is told to close; then until nothing runs any more.
    pub(super) async fn run(mut self) {
        // Before the instance is known, another would take its jobs for lost.
        let known = self.stop.close.run_until_cancelled(self.alive.wait_for(Option::is_some)).await;
        if known.is_some_and(|known| known.is_ok()) {
            self.claim_on().await;
        }
        for held in self.desk.withdraw(None) {
            self.runner.report(Report::Released(held)).await;
        }
        let mut interrupted = false;
        while !self.desk.is_idle() {
            tokio::select! {
                () = self.desk.freed() => {}
                () = self.stop.interrupt.cancelled(), if !interrupted => {
                    interrupted = true;
                    self.desk.stop_all(Why::Interrupted);
                }
            }
        }
    }

    /// A look that was begun is finished, also when the server stops meanwhile: what it claims must
    /// be known. The database bounds its time.
    async fn claim_on(&self) {
        let mut patience = Patience::new();
        while !self.stop.close.is_cancelled() {
            let pause = match self.look().await {
                Ok(Found::Full) => continue,
                Ok(Found::All(pause)) => {
                    patience = Patience::new();
                    pause
                }
                Err(error) => {
                    tracing::warn!(%error, "no jobs could be claimed; tried again shortly");
                    self.stop.close.run_until_cancelled(sleep(patience.next())).await;
                    continue;
                }
            };
            tokio::select! {
                () = self.stop.close.cancelled() => {}
                () = sleep(pause) => {}
                () = self.bell.rung() => {}
                () = self.desk.freed() => {}
            }
        }
    }

    async fn look(&self) -> Result<Found, sqlx::Error> {
        let limit = i64::try_from(JOB_CLAIM_MAX).unwrap_or(i64::MAX);
        let promoted = store::job::promote_scheduled(&self.pool, limit).await?;
        let wanted = self.desk.room();
        let mut full = promoted >= limit.unsigned_abs();
        if !wanted.is_empty() {
            let claimed = self.claim(&wanted).await?;
            full |= claimed == JOB_CLAIM_MAX;
        }
        if full && !self.desk.room().is_empty() {
            return Ok(Found::Full);
        }
        let next = store::job::find_next_scheduled(&self.pool).await?;
        Ok(Found::All(next.map_or(JOB_POLL, |next| next.min(JOB_POLL))))
    }

    async fn claim(&self, wanted: &[Wanted<'static>]) -> Result<usize, sqlx::Error> {
        let claimed = store::job::claim_jobs(&self.pool, self.worker_id, wanted, JOB_CLAIM_MAX).await?;
        let count = claimed.len();
        if let Some(waited) = claimed.iter().map(|job| job.waited).max() {
            metrics::gauge!("synops_jobs_lag_seconds").set(waited.as_secs_f64());
        }
        for kind in self.desk.take(claimed) {
            self.tracker.spawn(self.runner.clone().run(kind));
        }
        Ok(count)
    }
}
