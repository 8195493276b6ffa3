//! Takes from the queue what there is room for.

use super::Patience;
use super::bell::Bell;
use super::desk::{Desk, Why};
use super::reporter::Report;
use super::runner::Runner;
use super::stop::Stop;
use crate::lifecycle::Expected;
use domain::limits::{JOB_CLAIM_MAX, JOB_POLL};
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::job::Wanted;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Longer than the database works on any statement of ours: then the way to it is lost.
const LOOK_MAX: Duration = Duration::from_secs(40);
/// So long a claim whose outcome was not heard may still come true.
const DOUBT: Duration = Duration::from_secs(60);
/// When something is due that another has in its hands.
const LOOK_PAUSE_MIN: Duration = Duration::from_millis(50);

pub(super) struct Claimer {
    pub(super) pool: Pool,
    pub(super) worker_id: Uuid,
    pub(super) desk: Arc<Desk>,
    pub(super) runner: Arc<Runner>,
    pub(super) bell: Bell,
    pub(super) alive: watch::Receiver<Option<Instant>>,
    /// The planned stop that is next.
    pub(super) expected: watch::Receiver<Option<Expected>>,
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
    /// Until it is told to end, and nothing runs any more. While the server closes it claims nothing.
    pub(super) async fn run(mut self) {
        loop {
            // Before the instance is known, another would take its jobs for lost.
            let known = tokio::select! {
                known = self.alive.wait_for(Option::is_some) => known.is_ok(),
                () = self.stop.closed() => false,
            };
            if known {
                self.claim_on().await;
            }
            for held in self.desk.withdraw(None) {
                self.runner.report(Report::Released(held)).await;
            }
            if self.is_over().await {
                return;
            }
        }
    }

    /// Closed: until it opens again (false), or has ended.
    async fn is_over(&self) -> bool {
        let mut interrupted = false;
        loop {
            if self.stop.interrupt.is_cancelled() && self.desk.is_idle() {
                return true;
            }
            if !self.stop.is_closed() {
                return false;
            }
            tokio::select! {
                () = self.desk.freed() => {}
                () = self.stop.opened() => {}
                () = self.stop.interrupt.cancelled(), if !interrupted => {
                    interrupted = true;
                    self.desk.stop_all(Why::Interrupted);
                }
            }
        }
    }

    /// A look that was begun is finished, also when the server closes meanwhile: what it claims must
    /// be known.
    async fn claim_on(&self) {
        let mut patience = Patience::new();
        while !self.stop.is_closed() {
            let looked = timeout(LOOK_MAX, self.look()).await;
            let pause = match looked {
                Ok(Ok(Found::Full)) => continue,
                Ok(Ok(Found::All(pause))) => {
                    patience = Patience::new();
                    pause
                }
                failed => {
                    self.desk.doubt(DOUBT);
                    match failed {
                        Ok(Err(error)) => tracing::warn!(%error, "no jobs could be claimed; tried again shortly"),
                        _ => tracing::warn!("no jobs could be claimed: the database does not answer; tried again shortly"),
                    }
                    tokio::select! {
                        () = self.stop.closed() => {}
                        () = sleep(patience.next()) => {}
                    }
                    continue;
                }
            };
            tokio::select! {
                () = self.stop.closed() => {}
                () = sleep(pause) => {}
                () = self.bell.rung() => {}
                () = self.desk.freed() => {}
            }
        }
    }

    async fn look(&self) -> Result<Found, sqlx::Error> {
        let limit = i64::try_from(JOB_CLAIM_MAX).unwrap_or(i64::MAX);
        self.give_back_unknown().await?;
        let promoted = store::job::promote_scheduled(&self.pool, limit).await?;
        let wanted = self.wanted();
        let mut full = promoted >= limit.unsigned_abs();
        // Also with nothing to claim: what came while the server closed, and opened again, waits for a runner.
        let claimed = self.claim(&wanted).await?;
        full |= claimed == JOB_CLAIM_MAX;
        if full && !self.wanted().is_empty() {
            return Ok(Found::Full);
        }
        let next = store::job::find_next_scheduled(&self.pool).await?;
        Ok(Found::All(next.map_or(JOB_POLL, |next| next.clamp(LOOK_PAUSE_MIN, JOB_POLL))))
    }

    /// What there is room for, but for what would be cut short by a planned stop: that waits.
    fn wanted(&self) -> Vec<Wanted<'static>> {
        let mut wanted = self.desk.room();
        if let Some(expected) = &*self.expected.borrow() {
            let now = Instant::now();
            wanted.retain(|one| !expected.crosses_start(one.kind, one.class, now));
        }
        wanted
    }

    /// A claim whose answer was lost on its way may have been made all the same. Nobody else claims for
    /// this worker, so between two looks what it does not know, it does not have.
    async fn give_back_unknown(&self) -> Result<(), sqlx::Error> {
        let Some(known) = self.desk.known_in_doubt() else { return Ok(()) };
        let given_back = store::job::release_unknown(&self.pool, self.worker_id, &known).await?;
        if given_back > 0 {
            tracing::warn!(jobs = given_back, "jobs whose claim was not heard of are given back");
        }
        Ok(())
    }

    async fn claim(&self, wanted: &[Wanted<'static>]) -> Result<usize, sqlx::Error> {
        let claimed = match wanted {
            [] => Vec::new(),
            wanted => store::job::claim_jobs(&self.pool, self.worker_id, wanted, JOB_CLAIM_MAX).await?,
        };
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
