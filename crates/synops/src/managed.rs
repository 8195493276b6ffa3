//! The private PostgreSQL in the data directory.

use crate::config::Config;
use crate::exit::Misconfigured;
use anyhow::Context as _;
use managed_postgres::{Cluster, Error};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::bootstrap::{DATABASE, OWNER_ROLE, SERVER_ROLE};
use tokio_util::sync::CancellationToken;

/// The stop of the whole server is bounded to 10 s; PostgreSQL stops last.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// So often in a row PostgreSQL is started again after it ended by itself.
const RESTARTS_MAX: u32 = 5;
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
/// Having run for so long, it counts as healthy again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// Whether a private PostgreSQL was ever made in the data directory.
pub(crate) fn is_there(config: &Config) -> bool {
    config.data_dir.join("postgres/PG_VERSION").exists()
}

/// Starts it, making it first when there is none. Fails with [`Error::InUse`] when another process
/// has it.
pub(crate) async fn start(config: &Config) -> Result<Cluster, Error> {
    let mut wanted = managed_postgres::Config::new(&config.data_dir);
    wanted.binaries.clone_from(&config.postgres_binaries_dir);
    wanted.stop_timeout = STOP_TIMEOUT;
    Cluster::start(wanted).await
}

/// What a person has to put right is told so.
pub(crate) fn told(error: Error) -> anyhow::Error {
    match error {
        Error::NoBinaries { .. }
        | Error::UnusableBinaries { .. }
        | Error::TooOld { .. }
        | Error::VersionMismatch { .. }
        | Error::NotACluster { .. }
        | Error::WrongOwner { .. }
        | Error::NoAccount
        | Error::Unreachable { .. }
        | Error::SocketDir { .. }
        | Error::Setting { .. } => Misconfigured(error.to_string()).into(),
        other => other.into(),
    }
}

/// Makes the logins and the database unless they are there, and brings the schema up to date.
pub(crate) async fn prepare(cluster: &Cluster) -> anyhow::Result<()> {
    store::bootstrap::bootstrap(&cluster.connection_url("postgres", "postgres")).await?;
    store::migrate::migrate(&cluster.connection_url(OWNER_ROLE, DATABASE), SERVER_ROLE).await?;
    Ok(())
}

/// The server login's URL.
pub(crate) fn server_url(cluster: &Cluster) -> String {
    cluster.connection_url(SERVER_ROLE, DATABASE)
}

/// The server login's URL of a cluster that another process runs, from what PostgreSQL writes into
/// its data directory: pid, directory, start, port and socket directory, each on a line.
pub(crate) fn url_of_running(data_dir: &Path) -> anyhow::Result<String> {
    let path = data_dir.join("postgres/postmaster.pid");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("{} cannot be read; run this as the user of the server", path.display()))?;
    let mut lines = text.lines().skip(3);
    let place = (lines.next().and_then(|port| port.trim().parse::<u16>().ok()), lines.next().map(PathBuf::from));
    let (Some(port), Some(socket_dir)) = place else {
        anyhow::bail!("PostgreSQL is just starting: try again in a moment");
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("host", &socket_dir.to_string_lossy())
        .append_pair("port", &port.to_string())
        .append_pair("user", SERVER_ROLE)
        .finish();
    Ok(format!("postgres:///{DATABASE}?{query}"))
}

/// Keeps it running until `stop`, then stops it. When it ends by itself it is started again, with
/// growing pauses; when that fails too often, `failed` is cancelled: the server must end, and its
/// supervisor takes over.
pub(crate) async fn keep(mut cluster: Cluster, stop: CancellationToken, failed: CancellationToken) -> Result<(), Error> {
    let mut restarts = 0;
    let mut started = Instant::now();
    loop {
        let exited = cluster.exited();
        tokio::select! {
            biased;
            () = stop.cancelled() => return cluster.stop().await,
            status = exited => {
                tracing::error!(%status, log = ?cluster.log_file(), "PostgreSQL ended by itself; its log says why");
            }
        }
        if started.elapsed() > HEALTHY_AFTER {
            restarts = 0;
        }
        loop {
            restarts += 1;
            if restarts > RESTARTS_MAX {
                tracing::error!("PostgreSQL ended {RESTARTS_MAX} times in a row: giving up");
                failed.cancel();
                stop.cancelled().await;
                return cluster.stop().await;
            }
            let pause = RESTART_PAUSE_MIN * 2_u32.pow(restarts - 1);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return cluster.stop().await;
            }
            match cluster.restart().await {
                Ok(()) => break,
                Err(error) => tracing::error!(%error, attempt = restarts, "PostgreSQL does not start again"),
            }
        }
        started = Instant::now();
        tracing::warn!(attempt = restarts, "PostgreSQL runs again; nothing committed was lost");
    }
}
