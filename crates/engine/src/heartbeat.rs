//! Tells the others that this server lives.

use domain::limits::HEARTBEAT_PERIOD;
use std::time::Duration;
use store::Pool;
use store::instance::NewInstance;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// For saying goodbye: the database may be gone already.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
const RETRY_PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Heartbeat {
    pub(crate) pool: Pool,
    pub(crate) instance: NewInstance,
    /// Told at each sign of life that the database took.
    pub(crate) alive: watch::Sender<Option<Instant>>,
    pub(crate) shutdown: CancellationToken,
}

impl Heartbeat {
    /// Until the shutdown; then the row goes. One that never comes to that lapses by its age.
    pub(crate) async fn run(self) {
        loop {
            let began = Instant::now();
            match self.shutdown.run_until_cancelled(store::instance::upsert_instance(&self.pool, &self.instance)).await {
                Some(Ok(())) => {
                    self.alive.send_replace(Some(began));
                }
                Some(Err(error)) => tracing::warn!(%error, "no sign of life could be given"),
                None => {}
            }
            // Until the first one others don't know of it, and it takes no jobs.
            let pause = if self.alive.borrow().is_some() { HEARTBEAT_PERIOD } else { RETRY_PAUSE };
            if self.shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                break;
            }
        }
        match tokio::time::timeout(GOODBYE_MAX, store::instance::delete_instance(&self.pool, self.instance.id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the instance's row stays until it lapses"),
            Err(_) => tracing::debug!("the instance's row stays until it lapses"),
        }
    }
}
