//! `synops serve`: what the process gives the server, its port, its signals, its terminal.

use super::print;
use crate::config::Config;
use crate::exit::{Misconfigured, Outcome};
use crate::open_files;
use crate::serve::{Outside, Ready, serve};
use crate::signals::Signals;
use crate::supervisor::Supervisor;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::io::ErrorKind;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Until the first signal, then as long as a clean stop takes; a second signal cuts that short.
pub async fn run(config: Config) -> anyhow::Result<Outcome> {
    open_files::raise_limit();
    let signals = Signals::new()?;
    let listener = listen(&config).await?;
    let metrics = PrometheusBuilder::new().install_recorder()?;
    let shutdown = CancellationToken::new();
    let outside = Outside { listener, shutdown: shutdown.clone(), metrics };
    let (told, ready) = oneshot::channel();
    let announce = |ready: Ready| {
        announce(&ready);
        // Whoever waits for it does so as long as this runs.
        let _ = told.send(ready);
    };
    let mut supervisor = Supervisor::default();
    let served = tokio::select! {
        served = serve(config, outside, announce) => served.map(|()| Outcome::Done),
        // What `serve` holds is dropped: PostgreSQL is stopped at once, and recovers at the next start.
        () = signals.until_second(shutdown) => anyhow::bail!("stopped at once by a second signal"),
        never = async {
            match ready.await {
                Ok(ready) => supervisor.keep(&ready).await,
                Err(_) => std::future::pending().await,
            }
        } => match never {},
    };
    supervisor.stopped().await;
    served
}

/// Before anything slow: who asked for a port that is taken should hear it now.
async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.listen;
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        // It may be free at the supervisor's next try.
        ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is taken by another program: end that one, or set SYNOPS_LISTEN to another address")
        }
        _ => {
            Misconfigured(format!("cannot listen on {address}: {error}. Set SYNOPS_LISTEN to an address of this machine")).into()
        }
    })
}

/// The one line that people and scripts wait for.
fn announce(ready: &Ready) {
    let sign_in = ready.sign_in_url.as_ref().map(|url| format!(" — first sign-in: {url}")).unwrap_or_default();
    if let Err(error) = print(&format!("Synops is ready at {}{sign_in}\n", ready.url)) {
        tracing::warn!(%error, "the address could not be printed");
    }
}
