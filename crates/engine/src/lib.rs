//! What happens without a request: checks, jobs, upkeep, signs of life.

mod check;
mod heartbeat;
pub mod jobs;
mod maintenance;
mod prober;
mod upkeep;

pub use check::guard::{BadRange, GuardConfig};
pub use upkeep::Retention;

use check::Checker;
use check::guard::Guard;
use check::network::Network;
use intentions::Intentions;
use jobs::{Kinds, Tools, Webhooks};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::instance::NewInstance;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct EngineConfig {
    pub instance_id: Uuid,
    /// For people: the host's name, say.
    pub instance_name: String,
    pub version: String,
    /// What this server does, as told to the others.
    pub roles: Vec<String>,
    /// Whether this server runs checks.
    pub probes: bool,
    /// Checks under way at once, at most; `domain::limits::CHECKS_AT_ONCE` by default.
    pub checks_at_once: usize,
    /// The prober looks for due checks at least so often, and at once when `intentions` ring.
    pub look_every: Duration,
    pub guard: GuardConfig,
    pub retention: Retention,
    /// The jobs this server runs; `None`: it runs none.
    pub work: Option<WorkConfig>,
}

/// What running jobs takes.
#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// For connections of its own: one that listens, one that holds the data directory's lock.
    pub database_url: SecretString,
    /// Stays with the data directory: whoever starts there next takes over at once what was lost.
    pub home_id: Option<Uuid>,
    /// Rung by whoever enqueues something, after the commit.
    pub bell: jobs::Bell,
    /// Beyond those of the product.
    pub kinds: Kinds,
    /// Commands that jobs may run.
    pub tools: Tools,
    /// What webhooks are signed with.
    pub webhook_secret: Option<SecretString>,
    /// When the server stops, jobs get so long to finish before they are interrupted.
    pub finish_within: Duration,
}

impl EngineConfig {
    /// All of it, with defaults.
    pub fn new(instance_id: Uuid, instance_name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            instance_id,
            instance_name: instance_name.into(),
            version: version.into(),
            roles: Vec::new(),
            probes: true,
            checks_at_once: domain::limits::CHECKS_AT_ONCE,
            look_every: prober::LOOK_PERIOD,
            guard: GuardConfig::default(),
            retention: Retention::default(),
            work: None,
        }
    }
}

impl WorkConfig {
    /// All of it, with defaults.
    pub fn new(database_url: impl Into<SecretString>) -> Self {
        Self {
            database_url: database_url.into(),
            home_id: None,
            bell: jobs::Bell::new(),
            kinds: Kinds::default(),
            tools: Tools::default(),
            webhook_secret: None,
            finish_within: domain::limits::JOBS_FINISH_DEFAULT,
        }
    }
}

/// What the engine can't be started with.
#[derive(Debug)]
pub enum StartError {
    Guard(BadRange),
    /// The HTTP client could not be made.
    Http(reqwest::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Guard(_) => "the addresses that checks may reach are not well written",
            Self::Http(_) => "the HTTP client could not be made",
        })
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Guard(error) => Some(error),
            Self::Http(error) => Some(error),
        }
    }
}

/// Starts all tasks on `tracker`; they end soon after `shutdown`. The process has installed its TLS
/// provider before.
pub fn start(
    config: EngineConfig,
    pool: Pool,
    intentions: Intentions,
    tracker: &TaskTracker,
    shutdown: CancellationToken,
) -> Result<(), StartError> {
    let guard = Guard::new(&config.guard).map_err(StartError::Guard)?;
    let network = Network::new(guard);
    let checker = Arc::new(Checker::new(network.clone()).map_err(StartError::Http)?);
    let home_id = config.work.as_ref().and_then(|work| work.home_id);
    let (alive, heard) = watch::channel(None);
    // Others take over the jobs of an instance that has said goodbye: it does so when it has none.
    let goodbye = match config.work {
        Some(mut work) => {
            let webhooks = Webhooks::new(network, work.webhook_secret.take()).map_err(StartError::Http)?;
            work.kinds = work.kinds.or(Kinds::all(config.retention, work.tools.clone(), webhooks));
            start_worker(work, config.instance_id, &pool, heard, tracker, &shutdown)
        }
        None => shutdown.clone(),
    };
    let instance =
        NewInstance { id: config.instance_id, name: config.instance_name, version: config.version, roles: config.roles, home_id };
    let heartbeat = heartbeat::Heartbeat { pool: pool.clone(), instance, alive, shutdown: goodbye };
    tracker.spawn(heartbeat.run().instrument(tracing::info_span!("heartbeat")));
    let clock = maintenance::Clock { pool: pool.clone(), intentions: intentions.clone() };
    let clock = shutdown.clone().run_until_cancelled_owned(clock.run());
    tracker.spawn(clock.instrument(tracing::info_span!("maintenance clock")));
    if config.probes {
        let prober = prober::Prober {
            pool,
            wake: intentions.check_bell(),
            intentions,
            checker,
            slots: Arc::new(Semaphore::new(config.checks_at_once.max(1))),
            look_every: config.look_every,
            tracker: tracker.clone(),
            shutdown,
        };
        tracker.spawn(prober.run().instrument(tracing::info_span!("prober")));
    }
    Ok(())
}

/// Answers what is cancelled when it has ended.
fn start_worker(
    work: WorkConfig,
    id: Uuid,
    pool: &Pool,
    alive: watch::Receiver<Option<Instant>>,
    tracker: &TaskTracker,
    shutdown: &CancellationToken,
) -> CancellationToken {
    let (stop, ended) = (jobs::Stop::default(), CancellationToken::new());
    let worker = jobs::Worker {
        pool: pool.clone(),
        database_url: work.database_url,
        id,
        home_id: work.home_id,
        kinds: work.kinds,
        bell: work.bell,
        alive,
    };
    worker.start(tracker, &stop, ended.clone());
    let (shutdown, all) = (shutdown.clone(), ended.clone());
    tracker.spawn(async move {
        shutdown.cancelled().await;
        stop.close.cancel();
        let _ = timeout(work.finish_within, all.cancelled()).await;
        stop.interrupt.cancel();
    });
    ended
}
