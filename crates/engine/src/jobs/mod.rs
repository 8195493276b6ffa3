//! Background work on the queue in the database. One claimer takes what there is room for, runners
//! carry it out, one reporter tells the database what became of it, one watcher looks after what
//! runs. Every server may do this on one database: claims are fenced.

mod bell;
mod claimer;
mod context;
mod desk;
mod home;
pub(crate) mod kinds;
mod reporter;
mod runner;
mod scheduler;
mod stop;
mod watcher;

pub use bell::Bell;
pub use context::{Context, Done, Failure};
pub(crate) use kinds::Webhooks;
pub use kinds::{Kinds, Tools};

use crate::lifecycle::Expected;
use claimer::Claimer;
use desk::Desk;
use domain::limits::JOB_CANCEL_GRACE;
use drain::{Class, Drain};
use reporter::Reporter;
use runner::Runner;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use stop::Stop;
use store::Pool;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;
use watcher::Watcher;

/// What the worker of a server is made from.
pub(crate) struct Worker {
    pub(crate) pool: Pool,
    /// For a connection of its own, that listens.
    pub(crate) database_url: SecretString,
    /// The instance: its sign of life is the lease of all its jobs.
    pub(crate) id: Uuid,
    /// Stays with the data directory.
    pub(crate) home_id: Option<Uuid>,
    pub(crate) kinds: Kinds,
    pub(crate) bell: Bell,
    /// When the instance last told that it lives.
    pub(crate) alive: watch::Receiver<Option<Instant>>,
    /// The planned stop that is next.
    pub(crate) expected: watch::Receiver<Option<Expected>>,
}

/// For telling what became of jobs that were interrupted, after they have ended.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

impl Worker {
    /// Starts all tasks on `tracker`. While the server closes nothing more is claimed or begun. Told to
    /// end, what runs keeps its place; `ended` is cancelled once nothing runs any more and all of it
    /// is told: from then on the instance may say goodbye.
    pub(crate) fn start(self, tracker: &TaskTracker, drain: &Drain, ended: CancellationToken) {
        let desk = Arc::new(Desk::new(self.kinds.specs()));
        let seen = desk.clone();
        let place = drain.register("jobs", Class::Job, JOB_CANCEL_GRACE + TOLD_WITHIN, move || seen.in_flight());
        let stop = Stop::of(&place);
        let (reporter, reports) = Reporter::new(self.pool.clone(), desk.clone());
        let weak = reports.downgrade();
        let runner =
            Arc::new(Runner { pool: self.pool.clone(), desk: desk.clone(), kinds: self.kinds, reports, stop: stop.clone() });
        let claimer = Claimer {
            pool: self.pool.clone(),
            worker_id: self.id,
            desk: desk.clone(),
            runner,
            bell: self.bell.clone(),
            alive: self.alive.clone(),
            expected: self.expected,
            tracker: tracker.clone(),
            stop: stop.clone(),
        };
        let watcher =
            Watcher { pool: self.pool.clone(), worker_id: self.id, desk, alive: self.alive, reports: weak, stop: stop.clone() };
        let scheduler = scheduler::Scheduler { pool: self.pool.clone(), bell: self.bell.clone(), stop };
        tracker.spawn(scheduler.keep().instrument(tracing::info_span!("job schedules")));
        tracker.spawn(ended.clone().run_until_cancelled_owned(watcher.run()).instrument(tracing::info_span!("job watcher")));
        // The bell's tasks and the home's lock go on to the very end.
        self.bell.start(tracker, &self.database_url, self.pool.clone(), self.id, ended.clone());
        if let Some(home_id) = self.home_id {
            let home =
                home::Home { database_url: self.database_url, pool: self.pool, id: home_id, worker_id: self.id, bell: self.bell };
            let home = ended.clone().run_until_cancelled_owned(home.keep());
            tracker.spawn(async move { home.await.unwrap_or(()) }.instrument(tracing::info_span!("home")));
        }
        // The claimer ends when nothing runs any more, and lets go of the runner; then the reports end.
        tracker.spawn(claimer.run().instrument(tracing::info_span!("jobs")));
        tracker.spawn(
            async move {
                reporter.run().await;
                ended.cancel();
                drop(place);
            }
            .instrument(tracing::info_span!("job reporter")),
        );
    }
}

/// Between two tries at a database that does not answer.
pub(crate) struct Patience(Duration);

impl Patience {
    const FIRST: Duration = Duration::from_millis(50);
    const MAX: Duration = Duration::from_secs(1);

    pub(crate) const fn new() -> Self {
        Self(Self::FIRST)
    }

    /// The next pause; each is twice as long as the one before, up to a second.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::MAX);
        pause.mul_f64(rand::random_range(0.75..=1.25))
    }
}
