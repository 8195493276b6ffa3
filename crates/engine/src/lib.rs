//! What happens without a request: checks, upkeep, signs of life.

mod check;
mod heartbeat;
mod prober;
mod upkeep;

pub use check::guard::{BadRange, GuardConfig};
pub use upkeep::Retention;

use check::Checker;
use check::guard::Guard;
use intentions::Intentions;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use tokio::sync::Semaphore;
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
        }
    }
}

/// What the engine can't be started with.
#[derive(Debug)]
pub enum StartError {
    Guard(BadRange),
    /// The HTTP client of the checks could not be made.
    Http(reqwest::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Guard(_) => "the addresses that checks may reach are not well written",
            Self::Http(_) => "the HTTP client of the checks could not be made",
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
    let checker = Arc::new(Checker::new(guard).map_err(StartError::Http)?);
    let heartbeat = heartbeat::Heartbeat {
        pool: pool.clone(),
        id: config.instance_id,
        name: config.instance_name,
        version: config.version,
        roles: config.roles,
        shutdown: shutdown.clone(),
    };
    tracker.spawn(heartbeat.run().instrument(tracing::info_span!("heartbeat")));
    let upkeep = upkeep::Upkeep { pool: pool.clone(), retention: config.retention, shutdown: shutdown.clone() };
    tracker.spawn(upkeep.run().instrument(tracing::info_span!("upkeep")));
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
