//! Cancels jobs.

use sqlx::PgConnection;
use uuid::Uuid;

/// Cancels a job: one that waits ends at once (true), one that runs is told to (false). `None` when
/// there is none that waits or runs.
pub async fn cancel_job(db: &mut PgConnection, id: Uuid) -> Result<Option<bool>, sqlx::Error> {
    let waited = sqlx::query_scalar!(
        r#"with done as (delete from jobs where id = $1 and state <> 'running' returning *),
           kept as (
             insert into job_history (id, kind, class, outcome, priority, attempt, payload, error, run_at, started_at, created_at, created_by)
             select id, kind, class, 'cancelled', priority, attempt, payload, error, run_at, started_at, created_at, created_by from done)
           select id from done"#,
        id
    )
    .fetch_optional(&mut *db)
    .await?;
    if waited.is_some() {
        return Ok(Some(true));
    }
    let told = sqlx::query!(
        "update jobs set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()) where id = $1 and state = 'running'",
        id
    )
    .execute(db)
    .await?;
    Ok((told.rows_affected() == 1).then_some(false))
}
