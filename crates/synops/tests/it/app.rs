//! A server in this process, wired as in production, on a port and a database of its own.

use crate::client::Client;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synops::config::{Config, Environment};
use synops::{Ready, Running};
use testkit::{TestDb, wait_until};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Longer than the server's own bound, so that it is the server's that is seen.
const STOP_LIMIT: Duration = Duration::from_secs(25);

const SWEPT_LIMIT: Duration = Duration::from_secs(5);

/// The settings of a test's server: the defaults, with this database.
pub(crate) fn config(db: &TestDb) -> Config {
    let files = files_of(db);
    config_with(&[
        ("DATABASE_URL", &db.server_url()),
        ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8"),
        ("SYNOPS_FILES_DIR", &files.to_string_lossy()),
    ])
}

/// Each database's own; deleted with its first server.
fn files_of(db: &TestDb) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("files").join(db.name())
}

/// The defaults and these variables; no file.
pub(crate) fn config_with(variables: &[(&str, &str)]) -> Config {
    // Not into the sources.
    let data_dir = ("SYNOPS_DATA_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/data"));
    // Many run side by side here; those that listen to devices say where.
    let unheard = ("SYNOPS_TELEMETRY_LISTEN", "off");
    let all = [&data_dir, &unheard].into_iter().chain(variables);
    let environment: Environment = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(None, &environment).expect("the test's configuration")
}

/// Its server has a runtime of its own: at the end no task may be left on it.
pub(crate) struct TestApp {
    server: Option<(Running, Runtime)>,
    pub(crate) ready: Ready,
    pub(crate) db: TestDb,
}

impl TestApp {
    /// With the default settings, and no prober: nothing happens by itself.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let db = TestDb::new().await;
        let mut settings = config(&db);
        settings.roles = vec![synops::config::Role::Gateway];
        change(&mut settings);
        let server = start(settings).await.expect("the server");
        Self { ready: server.0.ready.clone(), server: Some(server), db }
    }

    /// Another server on the same database.
    pub(crate) async fn second(&self) -> Server {
        Server::start(config(&self.db)).await
    }

    /// Somebody who is not signed in.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.ready.address)
    }

    /// The administrator, signed in by the first start's link. Works once.
    pub(crate) async fn administrator(&self) -> Client {
        let client = self.client();
        let link = self.ready.sign_in_url.as_ref().expect("this was the first start");
        client.sign_in_by_link(link).await;
        client
    }

    /// Stops it now; fails the test when something is left.
    pub(crate) fn stop(&mut self) {
        end(self.server.take());
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        end(self.server.take());
        // Most tests have none.
        let _ = std::fs::remove_dir_all(files_of(&self.db));
    }
}

/// A server without a database of its own.
pub(crate) struct Server {
    server: Option<(Running, Runtime)>,
    pub(crate) ready: Ready,
}

impl Server {
    /// With no prober: nothing happens by itself.
    pub(crate) async fn start(mut settings: Config) -> Self {
        settings.roles = vec![synops::config::Role::Gateway];
        let server = start(settings).await.expect("the server");
        Self { ready: server.0.ready.clone(), server: Some(server) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.ready.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(self.server.take());
    }
}

/// Starts a server on a free port.
pub(crate) async fn start(settings: Config) -> anyhow::Result<(Running, Runtime)> {
    synops::tls::install_provider();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (told, started) = tokio::sync::oneshot::channel();
    runtime.spawn(async move {
        let started = async {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            Running::start(settings, listener).await
        };
        let _ = told.send(started.await);
    });
    match started.await? {
        Ok(running) => Ok((running, runtime)),
        Err(error) => {
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// On a thread of its own: the test's runtime may be current here.
fn end(server: Option<(Running, Runtime)>) {
    let Some((running, runtime)) = server else { return };
    let outcome = std::thread::scope(|scope| {
        let ending = scope.spawn(|| {
            let stopped = runtime.block_on(async { tokio::time::timeout(STOP_LIMIT, running.stop()).await });
            let stopped = match stopped {
                Ok(stopped) => stopped.map_err(|error| format!("{error:#}")),
                Err(_) => Err(format!("not within {STOP_LIMIT:?}")),
            };
            // Tasks that have ended are swept a moment after.
            runtime.block_on(async {
                let alive = || runtime.metrics().num_alive_tasks();
                wait_until("no task is left", SWEPT_LIMIT, async || alive() == 0).await;
            });
            stopped
        });
        ending.join().unwrap_or_else(|_| Err("something is left of it".to_owned()))
    });
    runtime.shutdown_background();
    if let Err(error) = outcome
        && !std::thread::panicking()
    {
        panic!("the server did not stop cleanly: {error}");
    }
}
