//! The server, put together: [`start`] reads top to bottom in the order in which the parts start;
//! they end in the opposite one. Port, shutdown and metrics come from outside.

mod parts;
mod running;
mod wiring;

use crate::config::{Config, Role};
use crate::database::Database;
use crate::{address, demo, people};
use feed::{Bell, Tailer};
use gateway::{Hub, State, Wiring};
use intentions::Intentions;
use metrics_exporter_prometheus::PrometheusHandle;
use parts::Parts;
pub use running::Running;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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
    /// Where people reach it.
    pub url: String,
    /// The first time: signs the administrator in, once. A secret.
    pub sign_in_url: Option<String>,
}

/// Serves until `outside.shutdown`, then stops: listener, sockets, engine, pool, and PostgreSQL last.
///
/// # Errors
///
/// When it can't start ([`crate::exit::Misconfigured`] when a person must put something right), when
/// the private PostgreSQL is lost for good, and when a part does not end within its bound.
pub async fn serve(config: Config, outside: Outside, announce: impl FnOnce(Ready)) -> anyhow::Result<()> {
    let shutdown = outside.shutdown.clone();
    let mut parts = Parts::new(&shutdown, config.jobs.finish_within);
    let lost = parts.lost.clone();
    let started = lost.run_until_cancelled(start(config, outside, &mut parts)).await;
    let result = match started {
        Some(Ok(ready)) => {
            announce(ready);
            lost.cancelled().await;
            Ok(())
        }
        Some(Err(error)) => Err(error),
        None => Ok(()),
    };
    tracing::info!("stopping");
    let ended = parts.end().await;
    result.and(ended)?;
    anyhow::ensure!(shutdown.is_cancelled(), "PostgreSQL kept ending by itself; its log in the data directory says why");
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
    let hub = Arc::new(Hub::new(bell.clone()));
    let worker_url = database_url.clone();
    let tailer = Tailer::new(database_url, pool.clone(), bell.clone(), Arc::clone(&hub), wiring::now);
    let feed = tailer.health();
    tailer.start(&parts.feed.tasks, parts.feed.stop.clone(), instance_id);

    let jobs = engine::jobs::Bell::new();
    let intentions = Intentions::new(pool.clone(), wiring::bell(bell)).with_jobs_bell(wiring::jobs_bell(&config, &jobs));
    let sign_in_path = people::first_administrator(&pool, &intentions).await?;
    if config.demo {
        let places = demo::Places::start(address, &login, &parts.engine).await?;
        demo::keep(&pool, &intentions, &places).await?;
    }

    let engine_config = wiring::engine(&config, &login, &worker_url, jobs, instance_id);
    engine::start(engine_config, pool.clone(), intentions.clone(), &parts.engine.tasks, parts.engine.stop.clone())
        .map_err(wiring::told)?;
    wiring::fold_metrics(outside.metrics.clone(), &parts.engine);

    if config.has_role(Role::Gateway) {
        let settings = wiring::settings(&config, url.clone(), instance_id);
        let (tasks, stop) = (parts.gateway.tasks.clone(), parts.gateway.stop.clone());
        let state = State::new(Wiring { pool, intentions, settings, metrics: Some(outside.metrics), feed, hub, tasks, stop });
        gateway::serve(outside.listener, gateway::router(state), &parts.gateway.tasks, parts.gateway.stop.clone());
    }
    Ok(Ready { address, sign_in_url: sign_in_path.map(|path| format!("{url}{path}")), url })
}
