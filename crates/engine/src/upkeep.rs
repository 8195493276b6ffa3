//! What must be made and cleared away in time: partitions, and rows that have had their day. At
//! start and hourly. Each step is idempotent and may be done by two servers at once.

use domain::limits::{
    AUDIT_KEPT_DEFAULT, CHECK_RUNS_KEPT_DEFAULT, FEED_RETENTION_DEFAULT, INSTANCES_KEPT, JOB_HISTORY_KEPT_DEFAULT, UPKEEP_BATCH_ROWS, UPKEEP_PERIOD,
};
use std::time::Duration;
use store::Pool;
use store::partition::Partitioned;
use tokio_util::sync::CancellationToken;

/// Beyond the feed's retention, so that no version is forgotten that a resumed stream may ask for.
const TOMBSTONES_KEPT_LONGER: Duration = Duration::from_secs(24 * 3600);
/// Tries at one partition in a pass, with longer and longer pauses (about 20 s in all).
const PARTITION_ATTEMPTS_MAX: u32 = 9;
const PARTITION_PAUSE: Duration = Duration::from_millis(40);
/// Partitions made or dropped, or batches deleted, in one pass; the next goes on.
const ACTIONS_MAX: usize = 1_000;

/// How long series are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How far back a page can resume.
    pub change_log: Duration,
    pub check_runs: Duration,
    pub audit_log: Duration,
    pub job_history: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { change_log: FEED_RETENTION_DEFAULT, check_runs: CHECK_RUNS_KEPT_DEFAULT, audit_log: AUDIT_KEPT_DEFAULT, job_history: JOB_HISTORY_KEPT_DEFAULT }
    }
}

impl Retention {
    fn of(&self, table: Partitioned) -> Duration {
        match table {
            Partitioned::ChangeLog => self.change_log,
            Partitioned::CheckRuns => self.check_runs,
            Partitioned::AuditLog => self.audit_log,
            Partitioned::JobHistory => self.job_history,
        }
    }
}

pub(crate) struct Upkeep {
    pub(crate) pool: Pool,
    pub(crate) retention: Retention,
    pub(crate) shutdown: CancellationToken,
}

impl Upkeep {
    /// Until the shutdown, which ends a pass between two of its steps or pauses.
    pub(crate) async fn run(self) {
        let shutdown = self.shutdown.clone();
        let passes = async {
            loop {
                self.pass().await;
                // Not all servers in the same minute.
                tokio::time::sleep(UPKEEP_PERIOD.mul_f64(rand::random_range(0.9..=1.1))).await;
            }
        };
        shutdown.run_until_cancelled(passes).await;
    }

    async fn pass(&self) {
        for table in Partitioned::ALL {
            self.keep_table(table).await;
        }
        self.watch_default_partitions().await;
        let pool = &self.pool;
        let tombstones_kept = self.retention.change_log + TOMBSTONES_KEPT_LONGER;
        clear("idempotency keys", || store::idempotency::delete_expired(pool, UPKEEP_BATCH_ROWS)).await;
        clear("tombstones", || store::tombstone::delete_old(pool, tombstones_kept, UPKEEP_BATCH_ROWS)).await;
        clear("sessions", || store::session::delete_expired(pool, UPKEEP_BATCH_ROWS)).await;
        clear("sign-in links", || store::sign_in_link::delete_expired(pool, UPKEEP_BATCH_ROWS)).await;
        clear("API tokens", || store::api_token::delete_expired(pool, UPKEEP_BATCH_ROWS)).await;
        if let Err(error) = store::instance::delete_lapsed(pool, INSTANCES_KEPT).await {
            tracing::warn!(%error, "instances of the past could not be forgotten");
        }
    }

    /// One partition after the other, until all is in order.
    async fn keep_table(&self, table: Partitioned) {
        let name = table.table();
        let mut attempt = 0;
        for _ in 0..ACTIONS_MAX {
            match store::partition::keep_partitions(&self.pool, table, self.retention.of(table)).await {
                Ok(Some(done)) => {
                    tracing::info!(table = name, "partition {done}");
                    attempt = 0;
                }
                Ok(None) => return,
                Err(error) if store::partition::may_retry(&error) && attempt < PARTITION_ATTEMPTS_MAX => {
                    tracing::debug!(%error, table = name, attempt, "a partition waits for open transactions");
                    tokio::time::sleep(PARTITION_PAUSE * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err(error) => {
                    tracing::warn!(%error, table = name, "partitions could not be kept; tried again within the hour");
                    return;
                }
            }
        }
    }

    /// A default partition is a net: rows in it mean that a partition was missing.
    async fn watch_default_partitions(&self) {
        match store::partition::count_caught(&self.pool).await {
            Ok(used) => {
                if used > 0 {
                    tracing::warn!(tables = used, "rows lie in default partitions: upkeep came too late, or a clock is wrong");
                }
                #[expect(clippy::cast_precision_loss, reason = "one per partitioned table")]
                metrics::gauge!("synops_partition_default_used").set(used as f64);
            }
            Err(error) => tracing::warn!(%error, "default partitions could not be looked at"),
        }
    }
}

/// Deletes batch by batch until one is not full.
async fn clear<F: Future<Output = Result<u64, store::Error>>>(what: &str, mut batch: impl FnMut() -> F) {
    for _ in 0..ACTIONS_MAX {
        match batch().await {
            Ok(deleted) if deleted < UPKEEP_BATCH_ROWS.cast_unsigned() => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "expired {what} could not be deleted; tried again within the hour");
                return;
            }
        }
    }
}
