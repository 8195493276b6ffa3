//! The engine on a real database, with real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod announcements;
mod checks;
mod deliveries;
mod incidents;
mod job_faults;
mod job_kinds;
mod jobs;
mod mail_tls;
mod maintenances;
mod post;
mod probing;
mod redis_stream;
mod servers;
mod status_mail;
mod stories;
mod upkeep;

use drain::Drain;
use engine::EngineConfig;
use intentions::Intentions;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::TestDb;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// For what happens soon, on however busy a machine.
const SOON: Duration = Duration::from_secs(30);

/// A running engine.
struct Running {
    intentions: Intentions,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    drain: Drain,
    /// How often its intentions rang the feed's bell.
    rings: Arc<AtomicUsize>,
}

impl Running {
    fn start(db: &TestDb, change: impl FnOnce(&mut EngineConfig)) -> Self {
        // Several engines share a process here: only the first installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = EngineConfig::new(Uuid::now_v7(), "engine of a test", "0.0.0");
        change(&mut config);
        let (tasks, shutdown, rings) = (TaskTracker::new(), CancellationToken::new(), Arc::new(AtomicUsize::new(0)));
        let counted = rings.clone();
        let bell = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        let intentions = Intentions::new(db.pool().clone(), bell);
        let drain = Drain::new();
        engine::start(config, db.pool().clone(), intentions.clone(), &tasks, shutdown.clone(), &drain).unwrap();
        Self { intentions, tasks, shutdown, drain, rings }
    }

    /// Has its prober look at once.
    fn look(&self) {
        self.intentions.check_bell().notify_one();
    }

    /// Stops it, with no time for jobs to finish, and fails the test if a task stays.
    async fn stop(self) {
        let ended = self.drain.drain(tokio::time::Instant::now()).await;
        assert_eq!(ended, drain::Ended::Stopped { late: Vec::new() });
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(SOON, self.tasks.wait()).await.expect("all tasks end soon after the shutdown");
    }
}
