//! SIGTERM and SIGINT: the first stops cleanly, the second at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Listens from its making on: the signals no longer end the process by themselves.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Cancels `shutdown` at the first signal; resolves at the second.
    pub async fn until_second(mut self, shutdown: CancellationToken) {
        self.next().await;
        tracing::info!("stopping; a second signal stops at once");
        shutdown.cancel();
        self.next().await;
        tracing::warn!("stopping at once");
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
