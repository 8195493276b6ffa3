//! Another go: now instead of later, or from where an earlier job stopped.

use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Makes a scheduled job due now. False when there is none that is scheduled.
pub async fn make_due(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    let done =
        sqlx::query!("update jobs set state = 'ready', run_at = clock_timestamp() where id = $1 and state = 'scheduled'", id)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives jobs that were enqueued in this transaction the place where they go on.
pub async fn keep_checkpoints(db: impl PgExecutor<'_>, jobs: &[(Uuid, Value)]) -> Result<()> {
    let (ids, checkpoints): (Vec<Uuid>, Vec<Value>) = jobs.iter().cloned().unzip();
    sqlx::query!(
        "update jobs j set checkpoint = c.checkpoint from unnest($1::uuid[], $2::jsonb[]) as c (id, checkpoint) where j.id = c.id",
        &ids,
        &checkpoints
    )
    .execute(db)
    .await?;
    Ok(())
}
