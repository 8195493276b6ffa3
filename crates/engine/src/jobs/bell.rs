//! Wakes workers when there is something to do: the one of this process at once, those of others by
//! a NOTIFY apart from the writer's transaction, at most once a millisecond.

use domain::limits::{HEARTBEAT_LAPSE, HEARTBEAT_PERIOD};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Between two rings for others.
const RING_PAUSE: Duration = Duration::from_millis(1);
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default)]
pub struct Bell {
    here: Arc<Notify>,
    others: Arc<Notify>,
}

impl Bell {
    pub fn new() -> Self {
        Self::default()
    }

    /// To be called after a commit that enqueued something, or changed what somebody waits for. Cheap;
    /// rings in a row count once.
    pub fn ring(&self) {
        self.here.notify_one();
        self.others.notify_one();
    }

    pub(crate) fn ring_here(&self) {
        self.here.notify_one();
    }

    pub(crate) async fn rung(&self) {
        self.here.notified().await;
    }

    /// Starts the tasks that hear others and ring for them.
    pub(super) fn start(&self, tracker: &TaskTracker, url: &SecretString, pool: Pool, instance_id: Uuid, end: CancellationToken) {
        tracker.spawn(end.clone().run_until_cancelled_owned(self.clone().listen(url.clone())));
        tracker.spawn(end.run_until_cancelled_owned(self.clone().ring_others(pool, instance_id)));
    }

    /// What was rung while the connection was away was not told: it rings after each connect.
    async fn listen(self, url: SecretString) {
        loop {
            match store::feed::Listener::connect(url.expose_secret(), store::feed::Channel::Jobs).await {
                Ok(mut listener) => {
                    self.ring_here();
                    while listener.rung().await.is_ok() {
                        self.ring_here();
                    }
                }
                Err(error) => tracing::debug!(%error, "nobody can ring now; the queue is looked at all the same"),
            }
            sleep(RECONNECT_PAUSE).await;
        }
    }

    async fn ring_others(self, pool: Pool, instance_id: Uuid) {
        let mut others = true;
        let mut look_again = Instant::now();
        loop {
            if timeout(HEARTBEAT_PERIOD, self.others.notified()).await.is_err() {
                continue;
            }
            if Instant::now() >= look_again {
                look_again = Instant::now() + HEARTBEAT_PERIOD;
                others = store::instance::has_others(&pool, instance_id, HEARTBEAT_LAPSE).await.unwrap_or(true);
            }
            if others && let Err(error) = store::job::ring(&pool).await {
                tracing::debug!(%error, "other instances could not be rung; they look by themselves");
            }
            sleep(RING_PAUSE).await;
        }
    }
}
