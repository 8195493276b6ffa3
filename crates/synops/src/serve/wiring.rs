//! What each part is given, made from the configuration.

use super::parts::Parts;
use crate::config::{self, Cache, Config, Role};
use crate::exit::Misconfigured;
use crate::login::Login;
use crate::stage::Stage;
use anyhow::Context;
use cache::{Backing, Redis};
use chrono::{DateTime, TimeDelta, Utc};
use content::Folder;
use domain::limits::{CACHE_MENDED_EVERY, FILE_DRAFTS_KEPT};
use domain::telemetry::stream::Shards;
use engine::jobs::{Bell, Tools};
use engine::telemetry::processor::ProcessorConfig;
use engine::telemetry::{Ears, Faults, Held, IngestConfig, Me, RedisStream};
use engine::{EngineConfig, GuardConfig, Retention, StartError, WorkConfig};
use gateway::{Files, LiveKit, Reads, Sequence, Settings};
use intentions::Intentions;
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What `checks.allow_link_local` opens: the link's own addresses, metadata services of clouds among them.
const LINK_LOCAL: [&str; 3] = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"];
/// As for `/readyz`.
const FEED_STALE_AFTER: TimeDelta = TimeDelta::seconds(5);
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Histograms are folded so often; without it they grow.
const METRICS_FOLDED_EVERY: Duration = Duration::from_secs(5);

#[expect(clippy::disallowed_methods, reason = "the clock of the parts that are given one")]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Rung after each commit. (The prober has a bell of its own, for what makes a check due: see
/// [`intentions::Intentions::check_bell`].)
pub(super) fn bell(feed: feed::Bell) -> intentions::Bell {
    Arc::new(move || feed.ring())
}

/// The worker's bell, where this process has one: nobody hears it otherwise.
pub(super) fn jobs_bell(config: &Config, jobs: &Bell) -> Option<intentions::Bell> {
    let jobs = jobs.clone();
    config.has_role(Role::Worker).then(|| -> intentions::Bell { Arc::new(move || jobs.ring()) })
}

/// Of this server, for people.
fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

pub(super) fn engine(
    config: &Config,
    login: &Login,
    database_url: &str,
    jobs: Bell,
    instance_id: Uuid,
    home_id: Option<Uuid>,
) -> EngineConfig {
    let roles = config.roles.iter().map(|role| role.name().to_owned()).collect();
    let mut sockets = config.checks.postgres_sockets.clone();
    sockets.extend(login.socket_dir.iter().map(PathBuf::from));
    let mut allow = config.checks.allow.clone();
    if config.checks.allow_link_local {
        allow.extend(LINK_LOCAL.map(str::to_owned));
    }
    EngineConfig {
        roles,
        probes: config.has_role(Role::Prober),
        guard: GuardConfig { allow, postgres_sockets: sockets },
        retention: Retention {
            change_log: config.retention.feed,
            check_runs: config.retention.check_runs,
            audit_log: config.retention.audit,
            job_history: config.retention.job_history,
            positions: config.retention.positions,
        },
        work: config.has_role(Role::Worker).then(|| WorkConfig {
            home_id,
            bell: jobs,
            tools: Tools(Arc::new(config.jobs.tools.clone())),
            webhook_secret: config.jobs.webhook_secret.clone(),
            ..WorkConfig::new(database_url)
        }),
        ready_pause: config.ready_pause,
        reminders_min: config.reminders_min.clone(),
        ..EngineConfig::new(instance_id, name(), VERSION)
    }
}

/// Where files are. Nobody looks whether it is there: it is made when the first one comes.
pub(super) async fn files(config: &Config, pool: &Pool) -> anyhow::Result<Files> {
    let owner = store::database::find_identity(pool).await.context("the database does not say which one it is")?;
    let config::Files { dir, max_bytes, types } = config.files.clone();
    Ok(Files { folder: Folder::new(dir, owner), max_bytes, types })
}

/// Puts right what a crash has left among the files, and tells when the folder is another database's.
pub(super) fn mend_files(folder: &Folder, engine: &Stage) {
    let folder = folder.clone();
    let mending = async move {
        let mended = async { folder.mend(FILE_DRAFTS_KEPT).await.and(folder.is_own().await) };
        if let Err(error) = mended.await {
            tracing::warn!(%error, folder = %folder.root().display(), "files: `synops doctor` says what to do");
        }
    };
    engine.tasks.spawn(engine.stop.clone().run_until_cancelled_owned(mending));
}

/// Where reads are kept. Installations, and versions with other forms of values, do not meet in one Redis.
pub(super) async fn cache(config: &Config, pool: &Pool) -> anyhow::Result<Backing> {
    Ok(match &config.cache {
        Cache::Memory => Backing::Memory,
        Cache::Off => Backing::Off,
        Cache::Redis(url) => {
            let origin = store::feed::find_origin(pool).await.context("the database does not say who it is")?;
            let prefix = format!("synops-cache-{VERSION}-{}", origin.database);
            let redis = Redis::new(url.expose_secret(), &prefix, Arc::new(Sequence(pool.clone())));
            Backing::Redis(Arc::new(redis.map_err(|_| Misconfigured("`cache.url`: this is no address of a Redis".to_owned()))?))
        }
    })
}

/// Tries a cache that failed again, until the feed ends.
pub(super) fn mend_cache(reads: &Arc<Reads>, feed: &Stage) {
    let reads = Arc::clone(reads);
    let mending = async move {
        loop {
            tokio::time::sleep(CACHE_MENDED_EVERY).await;
            reads.mend().await;
        }
    };
    feed.tasks.spawn(feed.stop.clone().run_until_cancelled_owned(mending));
}

/// Whether others may count on this server: it serves, and the feed was level with the database of late.
pub(super) fn readiness(
    served: watch::Receiver<bool>,
    feed: watch::Receiver<feed::Health>,
) -> Arc<dyn Fn() -> bool + Send + Sync> {
    let is_level = move || feed.borrow().level_at.is_some_and(|at| now() - at < FEED_STALE_AFTER);
    Arc::new(move || *served.borrow() && is_level())
}

/// Folds histograms until the engine ends.
pub(super) fn fold_metrics(metrics: PrometheusHandle, engine: &Stage) {
    let folding = async move {
        loop {
            tokio::time::sleep(METRICS_FOLDED_EVERY).await;
            metrics.run_upkeep();
        }
    };
    engine.tasks.spawn(engine.stop.clone().run_until_cancelled_owned(folding));
}

pub(super) fn settings(config: &Config, public_url: String, instance_id: Uuid, files: Files) -> Settings {
    Settings {
        public_url,
        allowed_origins: config.allowed_origins.clone(),
        secure_cookies: config.cookies_secure,
        trust_proxy: config.trust_proxy,
        instance_id,
        version: VERSION.to_owned(),
        started_at: now(),
        data_dir: Some(config.data_dir.clone()),
        files,
        livekit: config.livekit.as_ref().map(|livekit| LiveKit {
            url: livekit.url.clone(),
            api_key: livekit.api_key.clone(),
            api_secret: livekit.api_secret.clone(),
        }),
    }
}

/// What the parts of telemetry share.
pub(super) struct Telemetry {
    me: Me,
    held: Arc<Held>,
    faults: Faults,
    /// `None`: the direct one.
    stream: Option<Arc<RedisStream>>,
}

/// Nobody is asked yet.
pub(super) fn telemetry(config: &Config, instance_id: Uuid, failed: &CancellationToken) -> anyhow::Result<Telemetry> {
    let held = Arc::new(Held::default());
    let stream = match &config.stream {
        None => None,
        Some(stream) => {
            let stream = RedisStream::new(stream, Arc::clone(&held));
            Some(Arc::new(stream.map_err(|bad| Misconfigured(format!("`telemetry.stream`: {bad} is expected")))?))
        }
    };
    let faults = Faults::new(config.data_dir.clone(), Arc::clone(&held), failed.clone());
    Ok(Telemetry { me: Me { instance_id, name: name() }, held, faults, stream })
}

impl Telemetry {
    /// For whoever shows what waits; `None` with the direct stream.
    pub(super) fn shards(&self) -> Option<Arc<dyn Shards>> {
        self.stream.clone().map(|stream| -> Arc<dyn Shards> { stream })
    }

    /// Listens to devices; answers where.
    pub(super) async fn listen(
        &self,
        address: SocketAddr,
        config: &Config,
        pool: &Pool,
        intentions: &Intentions,
        parts: &Parts,
    ) -> anyhow::Result<SocketAddr> {
        let wrong = |error| {
            let hint = "is another program there? set another address in `telemetry.listen`, or \"off\"";
            Misconfigured(format!("devices can't be listened to at {address}: {error}; {hint}"))
        };
        let ears = Ears::bind(address).await.map_err(wrong)?;
        let address = ears.tcp.local_addr()?;
        let config = IngestConfig {
            me: self.me.clone(),
            ears,
            pool: pool.clone(),
            intentions: intentions.clone(),
            stream: self.stream.clone(),
            retention: config.retention.positions,
            enrol_in: config.enrol_in.clone(),
            held: Arc::clone(&self.held),
            faults: self.faults.clone(),
        };
        engine::telemetry::start(config, &parts.engine.tasks, &parts.drain);
        tracing::info!(%address, "devices are listened to");
        Ok(address)
    }

    /// Keeps what waits in the stream; with the direct one nothing does.
    pub(super) fn process(&self, config: &Config, pool: &Pool, intentions: &Intentions, parts: &Parts) {
        let Some(stream) = self.stream.clone().filter(|_| config.has_role(Role::Processor)) else { return };
        let config = ProcessorConfig {
            me: self.me.clone(),
            pool: pool.clone(),
            intentions: intentions.clone(),
            stream,
            retention: config.retention.positions,
            held: Arc::clone(&self.held),
            faults: self.faults.clone(),
        };
        engine::telemetry::processor::start(config, &parts.engine.tasks, &parts.drain);
    }
}

/// What the engine can't be started with is what a person wrote.
pub(super) fn told(error: StartError) -> anyhow::Error {
    match error {
        StartError::Guard(range) => Misconfigured(format!("`checks.allow`: {range}")).into(),
        other => other.into(),
    }
}
