//! What happens without a request: checks, jobs, upkeep, signs of life.

mod check;
mod heartbeat;
pub mod jobs;
mod lifecycle;
mod notify;
mod prober;
mod settled;
pub mod telemetry;
mod upkeep;

pub use check::guard::{BadRange, GuardConfig};
pub use notify::Post;
pub use upkeep::{FilesError, FilesKept, Retention, keep_files};

use check::Checker;
use check::guard::Guard;
use check::network::Network;
use content::Folder;
use domain::lifecycle::Window;
use drain::Drain;
use intentions::Intentions;
use jobs::{Kinds, Tools, Webhooks};
use lifecycle::Lifecycle;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::instance::NewInstance;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

#[derive(Clone)]
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
    /// Where files are kept, for upkeep; `None`: nowhere.
    pub files: Option<Folder>,
    /// The jobs this server runs; `None`: it runs none.
    pub work: Option<WorkConfig>,
    /// Whether others may count on this server, as long as it does not stop.
    pub is_ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// In a maintenance of Synops: from not being ready on, for a balancer to notice.
    pub ready_pause: Duration,
    /// What sends messages.
    pub post: Post,
    /// So many minutes before a maintenance begins people are reminded.
    pub reminders_min: Vec<i32>,
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
            files: None,
            work: None,
            is_ready: Arc::new(|| true),
            ready_pause: Duration::ZERO,
            post: Post::default(),
            reminders_min: vec![24 * 60, 60, 10],
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

/// Starts all tasks on `tracker`. Checks and jobs take part in the `drain`; the rest ends soon after
/// `shutdown`, which comes behind it. The process has installed its TLS provider before.
pub fn start(
    config: EngineConfig,
    pool: Pool,
    intentions: Intentions,
    tracker: &TaskTracker,
    shutdown: CancellationToken,
    drain: &Drain,
) -> Result<Started, StartError> {
    let guard = Guard::new(&config.guard).map_err(StartError::Guard)?;
    let network = Network::new(guard);
    let checker = Arc::new(Checker::new(network.clone()).map_err(StartError::Http)?);
    let home_id = config.work.as_ref().and_then(|work| work.home_id);
    let (alive, heard) = watch::channel(None);
    let for_lifecycle = heard.clone();
    let (turns, pulse) = watch::channel(Instant::now());
    // Others take over the jobs of an instance that has said goodbye: it does so when it has none.
    let at_rest = CancellationToken::new();
    let (expects, expected) = watch::channel(None);
    match config.work {
        Some(mut work) => {
            let webhooks = Webhooks::new(network, work.webhook_secret.take()).map_err(StartError::Http)?;
            work.kinds = work.kinds.or(Kinds::all(
                (config.retention, config.files),
                work.tools.clone(),
                webhooks,
                config.post.clone(),
                intentions.clone(),
            ));
            let worker = jobs::Worker {
                pool: pool.clone(),
                database_url: work.database_url,
                id: config.instance_id,
                home_id: work.home_id,
                kinds: work.kinds,
                bell: work.bell,
                alive: heard,
                expected,
            };
            worker.start(tracker, drain, at_rest.clone());
        }
        None => at_rest.cancel(),
    }
    let instance =
        NewInstance { id: config.instance_id, name: config.instance_name, version: config.version, roles: config.roles, home_id };
    let (me, is_ready) = (instance.clone(), config.is_ready);
    let lifecycle =
        Lifecycle::new(pool.clone(), intentions.clone(), me, drain.clone(), config.ready_pause, expects, for_lifecycle)
            .with_reminders(config.reminders_min);
    let (windows, looked) = (lifecycle.windows(), lifecycle.looked());
    tracker.spawn(lifecycle.run(shutdown.clone()).instrument(tracing::info_span!("lifecycle")));
    let (pool_of_heart, drain_of_heart) = (pool.clone(), drain.clone());
    let heartbeat =
        heartbeat::Heartbeat { pool: pool_of_heart, instance, drain: drain_of_heart, is_ready, alive, turns, at_rest, shutdown };
    tracker.spawn(heartbeat.run().instrument(tracing::info_span!("heartbeat")));
    if config.probes {
        let (slots, running) = (Arc::new(Semaphore::new(config.checks_at_once.max(1))), Arc::default());
        let prober = prober::Prober {
            place: prober::take_part(drain, &running),
            running,
            pool,
            wake: intentions.check_bell(),
            intentions,
            checker,
            slots,
            look_every: config.look_every,
            tracker: tracker.clone(),
        };
        tracker.spawn(prober.run().instrument(tracing::info_span!("prober")));
    }
    Ok(Started { pulse: Pulse(pulse), windows, looked })
}

/// What others may know of a running engine.
#[derive(Clone, Debug)]
pub struct Started {
    pub pulse: Pulse,
    /// The maintenance of Synops itself that is under way or announced.
    pub windows: watch::Receiver<Option<Window>>,
    /// True once that is known.
    pub looked: watch::Receiver<bool>,
}

/// Whether the engine still turns, whatever the database answers.
#[derive(Clone, Debug)]
pub struct Pulse(watch::Receiver<Instant>);

impl Pulse {
    /// How long ago it last had an answer from the database, or gave up waiting for one.
    pub fn age(&self) -> Duration {
        self.0.borrow().elapsed()
    }
}
