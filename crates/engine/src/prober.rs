//! Has due checks run, a bounded number at once. Every server may do this on one database: a claim
//! with a lease and a fence makes each due check run once.

use crate::check::Checker;
use crate::check::failure::Failure;
use domain::system::state_after;
use drain::{Class, Drain, InFlight, Participant};
use intentions::Intentions;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use store::Pool;
use store::check::{Claimed, NewRun};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

/// Looks at least so often: what another server was asked for, or left behind, rings nobody here.
pub(crate) const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Between two looks that found nothing to claim although something is due: others are at it.
const LOOK_PAUSE: Duration = Duration::from_millis(20);
/// A lease outlasts its check's time-out by this, for writing the result down.
const LEASE_GRACE: Duration = Duration::from_secs(30);
/// For handing back what is under way.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
/// Intervals differ by up to this part, so that checks spread.
const JITTER: f64 = 0.1;

pub(crate) struct Prober {
    pub(crate) pool: Pool,
    pub(crate) intentions: Intentions,
    pub(crate) checker: Arc<Checker>,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) running: Arc<AtomicUsize>,
    /// Rung when a check may have become due by a write of this process.
    pub(crate) wake: Arc<Notify>,
    pub(crate) look_every: Duration,
    pub(crate) tracker: TaskTracker,
    /// Given up with the last of its runs.
    pub(crate) place: Participant,
}

/// Checks that run when the server closes may finish while jobs do; then they are handed back. `running`
/// counts them: a look holds slots for what it may find, and that is not under way.
pub(crate) fn take_part(drain: &Drain, running: &Arc<AtomicUsize>) -> Participant {
    let running = Arc::clone(running);
    drain.register("checks", Class::Request, ENDS_WITHIN, move || InFlight::of(running.load(Relaxed)))
}

impl Prober {
    /// Until it must end. Runs under way then are given up, and their checks handed back.
    pub(crate) async fn run(self) {
        let prober = Arc::new(self);
        let mut phases = prober.place.phases();
        while !prober.place.end().is_cancelled() {
            if !phases.borrow_and_update().takes_work() {
                tokio::select! {
                    () = prober.place.end().cancelled() => {}
                    _ = phases.changed() => {}
                }
                continue;
            }
            let pause = prober.clone().look().await;
            tokio::select! {
                () = prober.place.end().cancelled() => {}
                _ = phases.changed() => {}
                // A ring during the look is kept, and ends this wait at once.
                () = prober.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Claims what is due and starts it; answers how long to wait before the next look.
    async fn look(self: Arc<Self>) -> Duration {
        // One slot at least, before anything is claimed.
        let Some(Ok(first)) = self.place.end().run_until_cancelled(self.slots.clone().acquire_owned()).await else {
            return self.look_every;
        };
        let mut permits = vec![first];
        while let Ok(more) = self.slots.clone().try_acquire_owned() {
            permits.push(more);
        }
        let limit = i64::try_from(permits.len()).unwrap_or(i64::MAX);
        // Not cut short by a shutdown: what it claims must be known. The database bounds its time.
        let claimed = match store::check::claim_due(&self.pool, limit, LEASE_GRACE).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "due checks could not be claimed");
                return self.look_every;
            }
        };
        let full = claimed.len() == permits.len();
        let lag = claimed.iter().map(|c| c.overdue).max().unwrap_or_default();
        metrics::gauge!("synops_prober_lag_seconds").set(lag.as_secs_f64());
        for (check, permit) in claimed.into_iter().zip(permits) {
            self.tracker.spawn(self.clone().run_one(check, permit));
        }
        if full {
            return Duration::ZERO;
        }
        match store::check::find_next_due(&self.pool).await {
            Ok(next) => next.unwrap_or(self.look_every).clamp(LOOK_PAUSE.min(self.look_every), self.look_every),
            Err(_) => self.look_every,
        }
    }

    async fn run_one(self: Arc<Self>, claimed: Claimed, _slot: OwnedSemaphorePermit) {
        let running = metrics::gauge!("synops_checks_in_flight");
        running.increment(1);
        self.running.fetch_add(1, Relaxed);
        match self.place.end().run_until_cancelled(self.check(&claimed)).await {
            Some(found) => self.record(&claimed, found).await,
            None => {
                if let Err(error) = store::check::release_claim(&self.pool, &claimed).await {
                    tracing::debug!(%error, "a check could not be handed back; its lease ends by itself");
                }
            }
        }
        running.decrement(1);
        self.running.fetch_sub(1, Relaxed);
    }

    async fn check(&self, claimed: &Claimed) -> Outcome {
        let Some(check) = &claimed.check else {
            return Outcome { latency_ms: None, error: Some(Failure::Unsupported("not a check that this version knows").text()) };
        };
        let found = self.checker.run(check, claimed.password.as_deref(), claimed.timeout).await;
        let outcome = if found.result.is_ok() { "ok" } else { "failed" };
        metrics::counter!("synops_checks_total", "outcome" => outcome).increment(1);
        metrics::histogram!("synops_check_duration_seconds").record(found.took.as_secs_f64());
        match found.result {
            Ok(()) => Outcome { latency_ms: Some(found.took.as_secs_f32() * 1000.0), error: None },
            Err(failure) => Outcome { latency_ms: None, error: Some(failure.text()) },
        }
    }

    /// Writes the run down, and the state if it changed. What fails here is done again by whoever
    /// claims the check when its lease has ended.
    async fn record(&self, claimed: &Claimed, found: Outcome) {
        let error = found.error.as_deref();
        let run = NewRun { ok: error.is_none(), latency_ms: found.latency_ms, error };
        let next_in = claimed.interval.mul_f64(1.0 + rand::random_range(-JITTER..=JITTER));
        let failures = match store::check::finish_run(&self.pool, claimed, run, next_in).await {
            Ok(Some(failures)) => failures,
            Ok(None) => {
                tracing::debug!(system_id = %claimed.system_id, "a run came too late and was not recorded");
                return;
            }
            Err(error) => {
                tracing::warn!(%error, system_id = %claimed.system_id, "a run could not be recorded");
                return;
            }
        };
        let state = state_after(failures, claimed.failures_to_down);
        if state == claimed.state {
            return;
        }
        // Lost here (the server dies, the database is away), it is found again by the next run.
        if let Err(error) = self.intentions.set_state(claimed.system_id, claimed.fence, state, error).await {
            tracing::warn!(%error, system_id = %claimed.system_id, "a state could not be set");
        }
    }
}

/// What is recorded of a run.
struct Outcome {
    latency_ms: Option<f32>,
    /// Why it failed; `None`: it did not.
    error: Option<String>,
}
