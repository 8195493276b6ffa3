//! Tells the others how many devices are connected here, and what waits here to be kept.

use super::Me;
use super::held::Held;
use super::rate::Rate;
use crate::settled::settled;
use domain::limits::TELEMETRY_CONNECTIONS_MAX;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::telemetry_server::{TelemetryServer, delete_telemetry_server, upsert_telemetry_server};
use tokio::sync::Semaphore;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

const ROLE: &str = "ingest";
const TOLD_EVERY: Duration = Duration::from_secs(2);
/// Nothing heard for so long: it is gone.
const TOLD_FOR: Duration = Duration::from_secs(10);
/// For saying goodbye: the database may be gone already.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

pub(super) struct Standing {
    pub(super) pool: Pool,
    pub(super) me: Me,
    /// Those that are free, of [`TELEMETRY_CONNECTIONS_MAX`].
    pub(super) slots: Arc<Semaphore>,
    /// What is kept here, with the direct stream.
    pub(super) rate: Arc<Rate>,
    /// What waits here, with the direct stream.
    pub(super) waiting: Option<Arc<Held>>,
    pub(super) end: CancellationToken,
}

impl Standing {
    pub(super) async fn tell(self) {
        let mut ticks = tokio::time::interval(TOLD_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut since = Instant::now();
        while self.end.run_until_cancelled(ticks.tick()).await.is_some() {
            let server = self.server(&mut since);
            let telling = timeout(TOLD_FOR, upsert_telemetry_server(&self.pool, &server, TOLD_FOR));
            if let Some(Ok(Err(error))) = settled(telling, &self.end, GOODBYE_MAX).await {
                tracing::debug!(%error, "how many devices are connected could not be told");
            }
        }
        let _ = timeout(GOODBYE_MAX, delete_telemetry_server(&self.pool, self.me.instance_id, ROLE)).await;
    }

    fn server(&self, since: &mut Instant) -> TelemetryServer {
        let connected = TELEMETRY_CONNECTIONS_MAX.saturating_sub(self.slots.available_permits());
        let lag = self.waiting.as_ref().map(|held| held.lag()).unwrap_or_default();
        TelemetryServer {
            instance_id: self.me.instance_id,
            role: ROLE,
            name: self.me.name.clone(),
            connected: i32::try_from(connected).unwrap_or(i32::MAX),
            per_s: self.rate.per_s(since),
            pending: i64::try_from(lag.pending).unwrap_or(i64::MAX),
            oldest_s: lag.oldest_s,
        }
    }
}
