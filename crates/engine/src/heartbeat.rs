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
/// A network that swallows everything must not keep it from trying again.
const ANSWER_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Heartbeat {
    pub(crate) pool: Pool,
    pub(crate) instance: NewInstance,
    /// Told at each sign of life that the database took.
    pub(crate) alive: watch::Sender<Option<Instant>>,
    /// Told at each turn, also when the database did not answer.
    pub(crate) turns: watch::Sender<Instant>,
    /// Cancelled when no job runs here any more.
    pub(crate) at_rest: CancellationToken,
    pub(crate) shutdown: CancellationToken,
}

impl Heartbeat {
    /// Until the shutdown; then the row goes. One that never comes to that lapses by its age.
    pub(crate) async fn run(self) {
        loop {
            let began = Instant::now();
            let telling = tokio::time::timeout(ANSWER_MAX, store::instance::upsert_instance(&self.pool, &self.instance));
            match self.shutdown.run_until_cancelled(telling).await {
                Some(Ok(Ok(()))) => {
                    self.alive.send_replace(Some(began));
                }
                Some(Ok(Err(error))) => tracing::warn!(%error, "no sign of life could be given"),
                Some(Err(_)) => tracing::warn!("no sign of life could be given: the database does not answer"),
                None => {}
            }
            self.turns.send_replace(Instant::now());
            // Until the first one others don't know of it, and it takes no jobs.
            let pause = if self.alive.borrow().is_some() { HEARTBEAT_PERIOD } else { RETRY_PAUSE };
            if self.shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                break;
            }
        }
        if !self.at_rest.is_cancelled() {
            // Its jobs are others' when its lease has ended, or the next process's here.
            tracing::warn!("jobs still run: the instance's row stays until it lapses");
            return;
        }
        match tokio::time::timeout(GOODBYE_MAX, store::instance::delete_instance(&self.pool, self.instance.id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the instance's row stays until it lapses"),
            Err(_) => tracing::debug!("the instance's row stays until it lapses"),
        }
    }
}
