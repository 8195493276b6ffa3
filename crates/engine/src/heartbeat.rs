//! Tells the others that this server lives.

use domain::limits::HEARTBEAT_PERIOD;
use std::time::Duration;
use store::Pool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For saying goodbye: the database may be gone already.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

pub(crate) struct Heartbeat {
    pub(crate) pool: Pool,
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) roles: Vec<String>,
    pub(crate) shutdown: CancellationToken,
}

impl Heartbeat {
    /// Until the shutdown; then the row goes. One that never comes to that lapses by its age.
    pub(crate) async fn run(self) {
        loop {
            let beat = store::instance::upsert_instance(&self.pool, self.id, &self.name, &self.version, &self.roles);
            if let Some(Err(error)) = self.shutdown.run_until_cancelled(beat).await {
                tracing::warn!(%error, "no sign of life could be given");
            }
            if self.shutdown.run_until_cancelled(tokio::time::sleep(HEARTBEAT_PERIOD)).await.is_none() {
                break;
            }
        }
        match tokio::time::timeout(GOODBYE_MAX, store::instance::delete_instance(&self.pool, self.id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the instance's row stays until it lapses"),
            Err(_) => tracing::debug!("the instance's row stays until it lapses"),
        }
    }
}
