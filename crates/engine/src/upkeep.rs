//! What must be made and cleared away in time: partitions, and rows that have had their day. Each
//! step is idempotent and may be done by two servers at once.

mod files;

pub use files::{FilesError, FilesKept, keep_files};

use content::Folder;
use domain::limits::{
    AUDIT_KEPT_DEFAULT, CHECK_RUNS_KEPT_DEFAULT, DEAD_LETTERS_KEPT, DELIVERIES_KEPT, FEED_RETENTION_DEFAULT, INSTANCES_KEPT,
    JOB_HISTORY_KEPT_DEFAULT, MESSAGES_DELETED_AT_ONCE, NOTIFICATIONS_KEPT, NOTIFICATIONS_PER_PERSON_MAX, POSITIONS_KEPT_DEFAULT,
    UPKEEP_BATCH_ROWS,
};
use std::time::Duration;
use store::Pool;
use store::check_rollup::Span;
use store::partition::Partitioned;

/// Beyond the feed's retention, so that no version is forgotten that a resumed stream may ask for.
const TOMBSTONES_KEPT_LONGER: Duration = Duration::from_secs(24 * 3600);
/// Beyond positions, so that all that are left can be told anew: more than lies between two checkpoints.
const STORIES_KEPT_LONGER: Duration = Duration::from_secs(2 * 24 * 3600);
/// Of rolled up check runs.
const HOURS_KEPT: Duration = Duration::from_secs(100 * 24 * 3600);
const DAYS_KEPT: Duration = Duration::from_secs(2 * 366 * 24 * 3600);
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
    pub positions: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            change_log: FEED_RETENTION_DEFAULT,
            check_runs: CHECK_RUNS_KEPT_DEFAULT,
            audit_log: AUDIT_KEPT_DEFAULT,
            job_history: JOB_HISTORY_KEPT_DEFAULT,
            positions: POSITIONS_KEPT_DEFAULT,
        }
    }
}

impl Retention {
    fn of(&self, table: Partitioned) -> Duration {
        match table {
            Partitioned::ChangeLog => self.change_log,
            Partitioned::CheckRuns => self.check_runs,
            Partitioned::AuditLog => self.audit_log,
            Partitioned::JobHistory => self.job_history,
            Partitioned::Positions => self.positions,
        }
    }
}

pub(crate) struct Upkeep {
    pub(crate) pool: Pool,
    pub(crate) retention: Retention,
    /// Where files are; `None`: nowhere.
    pub(crate) files: Option<Folder>,
}

impl Upkeep {
    /// All of it once. Goes on after what fails, and tells the first failure at the end. `progress` is
    /// told how far it is, from 0 to 1, and with what.
    pub(crate) async fn pass(&self, progress: impl Fn(f32, &str)) -> Result<(), store::Error> {
        let mut failed = None;
        for (at, table) in (0_u8..).zip(Partitioned::ALL) {
            progress(f32::from(at) * 0.16, table.table());
            self.keep_table(table).await.unwrap_or_else(|error| _ = failed.get_or_insert(error));
        }
        self.watch_default_partitions().await;
        progress(0.8, "what has expired");
        self.clear_expired().await.unwrap_or_else(|error| _ = failed.get_or_insert(error));
        progress(0.85, "deleted channels");
        self.clear_channels().await.unwrap_or_else(|error| _ = failed.get_or_insert(error));
        progress(0.9, "files");
        self.clear_files().await.unwrap_or_else(|error| _ = failed.get_or_insert(error));
        failed.map_or(Ok(()), Err)
    }

    /// A folder that can't be kept in order is told in the log: it holds up nothing else.
    async fn clear_files(&self) -> Result<(), store::Error> {
        let Some(folder) = &self.files else { return Ok(()) };
        match files::keep_files(&self.pool, folder).await {
            Ok(_) => Ok(()),
            Err(FilesError::Database(error)) => Err(error),
            Err(FilesError::Folder(error)) => {
                tracing::warn!(%error, folder = %folder.root().display(), "files could not be kept in order");
                Ok(())
            }
        }
    }

    async fn clear_expired(&self) -> Result<(), store::Error> {
        let pool = &self.pool;
        let tombstones_kept = self.retention.change_log + TOMBSTONES_KEPT_LONGER;
        let rows = UPKEEP_BATCH_ROWS;
        clear(rows, |most| store::idempotency::delete_expired(pool, most)).await?;
        clear(rows, |most| store::tombstone::delete_old(pool, tombstones_kept, most)).await?;
        clear(rows, |most| store::session::delete_expired(pool, most)).await?;
        clear(rows, |most| store::sign_in_link::delete_expired(pool, most)).await?;
        clear(rows, |most| store::api_token::delete_expired(pool, most)).await?;
        clear(rows, |most| store::job::delete_expired_keys(pool, most)).await?;
        clear(rows, |most| store::status_page::delete_unconfirmed(pool, most)).await?;
        clear(rows, |most| store::dead_letter::delete_old_dead_letters(pool, DEAD_LETTERS_KEPT, most)).await?;
        clear(rows, |most| {
            store::notification::delete_old_notifications(pool, NOTIFICATIONS_KEPT, NOTIFICATIONS_PER_PERSON_MAX, most)
        })
        .await?;
        clear(rows, |most| store::delivery::delete_old_deliveries(pool, DELIVERIES_KEPT, most)).await?;
        let told_kept = self.retention.positions + STORIES_KEPT_LONGER;
        clear(rows, |most| store::geofence::delete_old_shapes(pool, told_kept, most)).await?;
        clear(rows, |most| store::device_state::delete_old_checkpoints(pool, told_kept, most)).await?;
        clear(rows, |most| store::check_rollup::delete_old_rollups(pool, Span::Hour, HOURS_KEPT, most)).await?;
        clear(rows, |most| store::check_rollup::delete_old_rollups(pool, Span::Day, DAYS_KEPT, most)).await?;
        store::instance::delete_lapsed(pool, INSTANCES_KEPT).await.map(drop)
    }

    /// What is left of channels that were deleted with much in them.
    async fn clear_channels(&self) -> Result<(), store::Error> {
        for id in store::channel::list_deleted(&self.pool, UPKEEP_BATCH_ROWS).await? {
            clear(MESSAGES_DELETED_AT_ONCE, |most| store::channel::delete_messages(&self.pool, id, most)).await?;
            store::channel::delete_emptied(&self.pool, id).await?;
        }
        Ok(())
    }

    /// One partition after the other, until all is in order.
    async fn keep_table(&self, table: Partitioned) -> Result<(), store::Error> {
        let name = table.table();
        let mut attempt = 0;
        for _ in 0..ACTIONS_MAX {
            match store::partition::keep_partitions(&self.pool, table, self.retention.of(table)).await {
                Ok(Some(done)) => {
                    tracing::info!(table = name, "partition {done}");
                    attempt = 0;
                }
                Ok(None) => return Ok(()),
                Err(error) if store::partition::may_retry(&error) && attempt < PARTITION_ATTEMPTS_MAX => {
                    tracing::debug!(%error, table = name, attempt, "a partition waits for open transactions");
                    tokio::time::sleep(PARTITION_PAUSE * 2_u32.pow(attempt)).await;
                    attempt += 1;
                }
                Err(error) => {
                    tracing::warn!(%error, table = name, "partitions could not be kept");
                    return Err(error);
                }
            }
        }
        Ok(())
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

/// Deletes batch by batch, each of so many rows, until one is not full.
async fn clear<F: Future<Output = Result<u64, store::Error>>>(
    most: i64,
    mut batch: impl FnMut(i64) -> F,
) -> Result<(), store::Error> {
    for _ in 0..ACTIONS_MAX {
        if batch(most).await? < most.cast_unsigned() {
            break;
        }
    }
    Ok(())
}
