//! Looks after what runs: progress is written, what somebody cancelled is told, what was lost is given
//! up, what others lost is rescued.

use super::desk::{Desk, Why};
use super::reporter::{Report, WeakReports};
use super::stop::Stop;
use domain::limits::{JOB_LEASE, JOB_LEASE_MARGIN, JOB_POLL};
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::job::Rescued;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// Looks for jobs of lost instances at every so manieth turn.
const RESCUE_EVERY: u32 = 5;
/// A network that swallows everything must not keep it from giving up what is lost.
const LOOK_MAX: Duration = Duration::from_secs(10);

pub(super) struct Watcher {
    pub(super) pool: Pool,
    pub(super) worker_id: Uuid,
    pub(super) desk: Arc<Desk>,
    pub(super) alive: watch::Receiver<Option<Instant>>,
    pub(super) reports: WeakReports,
    pub(super) stop: Stop,
}

impl Watcher {
    pub(super) async fn run(self) {
        let mut turn = 0_u32;
        loop {
            sleep(JOB_POLL).await;
            turn = turn.wrapping_add(1);
            self.give_up_what_is_lost();
            match timeout(LOOK_MAX, self.look(turn.is_multiple_of(RESCUE_EVERY))).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "running jobs could not be looked after; tried again shortly"),
                Err(_) => tracing::warn!("running jobs could not be looked after: the database does not answer"),
            }
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            metrics::gauge!("synops_jobs_here").set(self.desk.len() as f64);
        }
    }

    /// An instance that could not tell for a lease that it lives has lost its jobs.
    fn give_up_what_is_lost(&self) {
        let told_at = *self.alive.borrow();
        if told_at.is_some_and(|at| at.elapsed() > JOB_LEASE - JOB_LEASE_MARGIN) && self.desk.len() > 0 {
            tracing::error!("the database was away for too long: the jobs that ran here are given up, and run again");
            let withdrawn = self.desk.withdraw(None);
            self.desk.told(&withdrawn);
            self.desk.stop_all(Why::Lost);
        }
    }

    async fn look(&self, rescue: bool) -> Result<(), sqlx::Error> {
        let progress = self.desk.take_progress();
        if !progress.is_empty() {
            store::job::save_progress(&self.pool, &progress).await?;
        }
        if self.desk.len() > 0 {
            for held in store::job::list_cancelled(&self.pool, self.worker_id).await? {
                self.desk.stop(held, Why::Cancelled);
            }
            // A process that was stopped for longer than its lease, and goes on, finds others at its jobs.
            let running = self.desk.running();
            for held in store::job::list_lost(&self.pool, &running).await? {
                tracing::warn!(job_id = %held.id, "a job that runs here is somebody else's by now: it is given up");
                self.desk.stop(held, Why::Lost);
            }
        }
        if self.desk.is_holding_back() {
            let classes = store::job_class::list_job_classes(&self.pool).await?;
            let paused: Vec<String> = classes.into_iter().filter(|class| !class.is_open()).map(|class| class.name).collect();
            // By the reporter, which insists: lost here, they would wait for the end of this process.
            if let Some(reports) = self.reports.upgrade() {
                for held in self.desk.withdraw(Some(&paused)) {
                    reports.tell(Report::Released(held)).await;
                }
            }
        }
        if rescue && !self.stop.is_closed() {
            let mut tx = store::begin(&self.pool).await?;
            let rescued = store::job::rescue_lapsed(&mut tx, JOB_LEASE).await?;
            tx.commit().await?;
            tell_rescued(rescued);
        }
        Ok(())
    }
}

pub(super) fn tell_rescued(rescued: Rescued) {
    let Rescued { ready, buried } = rescued;
    if ready + buried > 0 {
        tracing::warn!(ready, buried, "jobs of a server that was lost are taken over; buried ones had no attempt left");
        metrics::counter!("synops_jobs_rescued_total").increment(ready + buried);
    }
}
