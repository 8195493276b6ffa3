//! The server, put together: [`start`] reads top to bottom in the order in which the parts start;
//! they end in the opposite one. Port, shutdown and metrics come from outside.

mod parts;
mod running;
pub(crate) mod stopping;
mod wiring;

use crate::config::{Config, Role};
use crate::database::Database;
use crate::{address, demo, home, people, secret_key};
use anyhow::Context;
use drain::{Drain, Phase};
use engine::{EngineConfig, Post, Pulse, Started};
use feed::{Bell, Caches, Tailer};
use gateway::{Hub, Reads, State, Wiring};
use intentions::Intentions;
use metrics_exporter_prometheus::PrometheusHandle;
use parts::Parts;
pub use running::Running;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For a first look at what is planned: the database has answered before.
const FIRST_LOOK_MAX: Duration = Duration::from_secs(30);

/// What the server is given.
pub struct Outside {
    /// Bound; nobody is accepted before the server is ready.
    pub listener: TcpListener,
    /// Cancelled: stop cleanly.
    pub shutdown: CancellationToken,
    /// Of the recorder that the process has installed, or of one that nothing reports to.
    pub metrics: PrometheusHandle,
}

/// Told once, when the server takes requests.
#[derive(Clone, Debug)]
pub struct Ready {
    pub address: SocketAddr,
    /// Where devices are listened to.
    pub telemetry: Option<SocketAddr>,
    /// Where people reach it.
    pub url: String,
    /// The first time: signs the administrator in, once. A secret.
    pub sign_in_url: Option<String>,
    /// How far a stop is.
    pub drain: Drain,
    /// Whether it turns.
    pub pulse: Pulse,
}

/// Serves until `outside.shutdown`, or until a drain that something in it leads has come to its end. Then
/// it stops: jobs, requests and sockets, engine, feed, pool, and PostgreSQL last.
///
/// # Errors
///
/// When it can't start ([`crate::exit::Misconfigured`] when a person must put something right), when
/// the private PostgreSQL is lost for good, and when a part does not end within its bound.
pub async fn serve(config: Config, outside: Outside, announce: impl FnOnce(Ready)) -> anyhow::Result<()> {
    let shutdown = outside.shutdown.clone();
    let times = stopping::Times { ready_pause: config.ready_pause, jobs_finish_within: config.jobs.finish_within };
    let mut parts = Parts::new(&shutdown, times);
    let (lost, failed, mut phases) = (parts.lost.clone(), parts.failed.clone(), parts.drain.phases());
    let started = lost.run_until_cancelled(start(config, outside, &mut parts)).await;
    let result = match started {
        Some(Ok(ready)) => {
            announce(ready);
            tokio::select! {
                () = lost.cancelled() => {}
                () = failed.cancelled() => {}
                _ = phases.wait_for(|phase| *phase == Phase::Stopped) => {}
            }
            Ok(())
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    tracing::info!("stopping");
    let is_wanted = shutdown.is_cancelled() || *phases.borrow() == Phase::Stopped;
    let ended = parts.end(is_wanted).await;
    result.and(ended)?;
    anyhow::ensure!(!failed.is_cancelled(), "a part of telemetry failed; `synops doctor` says what was in memory");
    anyhow::ensure!(is_wanted, "PostgreSQL kept ending by itself; its log in the data directory says why");
    tracing::info!("stopped");
    Ok(())
}

/// Starts one part after the other.
async fn start(config: Config, outside: Outside, parts: &mut Parts) -> anyhow::Result<Ready> {
    let address = outside.listener.local_addr()?;
    let url = address::base_url(&config, address);
    let instance_id = Uuid::new_v4();

    let database = Database::open(&config).await?;
    let (database_url, login) = (database.url.expose_secret().to_owned(), database.login.clone());
    let pool = parts.keep(database);

    let bell = Bell::new();
    let jobs = engine::jobs::Bell::new();
    let keyring = secret_key::keyring(&config)?;
    let intentions = Intentions::new(pool.clone(), wiring::bell(bell.clone()))
        .with_jobs_bell(wiring::jobs_bell(&config, &jobs))
        .with_keyring(keyring.clone());
    let post = Post::new(pool.clone(), keyring, url.clone())?;
    let hub = Arc::new(Hub::new(bell.clone()).with_maintenance_bell(intentions.maintenance_bell()));
    let (worker_url, moment_url) = (database_url.clone(), database_url.clone());
    let tailer = Tailer::new(database_url, pool.clone(), bell, Arc::clone(&hub), wiring::now);
    let feed = tailer.health();
    let reads = Arc::new(Reads::new(pool.clone(), tailer.progress(), wiring::cache(&config, &pool).await?));
    wiring::mend_cache(&reads, &parts.feed);
    tailer.with_caches(Arc::clone(&reads) as Arc<dyn Caches>).start(&parts.feed.tasks, parts.feed.stop.clone(), instance_id);

    let sign_in_path = people::first_administrator(&pool, &intentions).await?;
    if config.demo {
        let places = demo::Places::start(address, &login, &parts.engine).await?;
        demo::keep(&pool, &intentions, &places).await?;
    }

    let files = wiring::files(&config, &pool).await?;
    parts.home = config.has_role(Role::Worker).then(|| home::take(&config.data_dir)).flatten();
    let home_id = parts.home.as_ref().map(|home| home.id);
    // Others count on it from when it serves, as long as it is level with the database.
    let (serves, served) = watch::channel(false);
    let is_ready = wiring::readiness(served, feed.clone());
    let engine_config = EngineConfig {
        is_ready,
        post: post.clone(),
        files: Some(files.folder.clone()),
        ..wiring::engine(&config, &login, &worker_url, jobs, instance_id, home_id)
    };
    let (tasks, stop) = (&parts.engine.tasks, parts.engine.stop.clone());
    let Started { pulse, windows, mut looked } =
        engine::start(engine_config, pool.clone(), intentions.clone(), tasks, stop, &parts.drain).map_err(wiring::told)?;
    // Whom a maintenance keeps out, it keeps out from the first request on.
    timeout(FIRST_LOOK_MAX, looked.wait_for(|looked| *looked)).await.context("maintenances could not be looked at")??;
    wiring::fold_metrics(outside.metrics.clone(), &parts.engine);
    wiring::mend_files(&files.folder, &parts.engine);

    let telemetry = wiring::telemetry(&config, instance_id, &parts.failed)?;
    telemetry.process(&config, &pool, &intentions, parts);
    let ears = match config.telemetry.filter(|_| config.has_role(Role::Ingest)) {
        Some(address) => Some(telemetry.listen(address, &config, &pool, &intentions, parts).await?),
        None => None,
    };
    if let (true, Some(address)) = (config.demo, ears) {
        demo::drive(address, &parts.engine);
    }
    if config.has_role(Role::Gateway) {
        let settings = wiring::settings(&config, url.clone(), instance_id, files);
        let (tasks, stop) = (parts.sockets.tasks.clone(), parts.sockets.stop.clone());
        let (metrics, phases, messenger) = (Some(outside.metrics), parts.drain.phases(), Arc::new(post));
        let shards = telemetry.shards();
        let wiring =
            Wiring { pool, intentions, settings, metrics, feed, hub, reads, phases, windows, messenger, shards, tasks, stop };
        let state = State::new(wiring);
        let following = gateway::follow_the_moment(state.clone(), moment_url);
        parts.feed.tasks.spawn(parts.feed.stop.clone().run_until_cancelled_owned(following));
        parts.answer_with(&state);
        gateway::serve(outside.listener, gateway::router(state), &parts.http.tasks, parts.http.stop.clone());
    }
    serves.send_replace(true);
    let sign_in_url = sign_in_path.map(|path| format!("{url}{path}"));
    Ok(Ready { address, telemetry: ears, sign_in_url, url, drain: parts.drain.clone(), pulse })
}
