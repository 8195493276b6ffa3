//! A server in this very process, for whoever wants to hold one: tests do.

use super::{Outside, Ready, serve};
use crate::config::Config;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that takes requests. Dropping it tells it to stop; [`Running::stop`] also waits.
#[derive(Debug)]
pub struct Running {
    pub ready: Ready,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Starts it on `listener` and waits until it is ready.
    ///
    /// # Errors
    ///
    /// Those of [`serve`].
    #[expect(clippy::disallowed_methods, reason = "the owner of the server's task, joined by `stop`")]
    pub async fn start(config: Config, listener: TcpListener) -> anyhow::Result<Self> {
        let shutdown = CancellationToken::new();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let outside = Outside { listener, shutdown: shutdown.clone(), metrics };
        let (told, ready) = oneshot::channel();
        let guard = shutdown.clone().drop_guard();
        let task = tokio::spawn(serve(config, outside, |ready| {
            // Whoever asked may be gone; then the guard stops it.
            let _ = told.send(ready);
        }));
        match ready.await {
            Ok(ready) => {
                guard.disarm();
                Ok(Self { ready, shutdown, task })
            }
            Err(_) => match task.await? {
                Ok(()) => anyhow::bail!("the server ended before it was ready"),
                Err(error) => Err(error),
            },
        }
    }

    /// Stops it cleanly; answers how that went.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        (&mut self.task).await?
    }

    /// Whether it has ended, by itself or not.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
