//! What becomes of jobs that were claimed. Everything here goes with the fence of its claim: what a
//! worker writes that lost its job meanwhile changes nothing, and it is told so.

use super::interval;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A job as its worker holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    pub id: Uuid,
    pub fence: i64,
}

fn split(held: impl Iterator<Item = Held>) -> (Vec<Uuid>, Vec<i64>) {
    held.map(|h| (h.id, h.fence)).unzip()
}

/// A job that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    pub held: Held,
    /// False: it was cancelled while it ran.
    pub succeeded: bool,
    pub result: Option<Value>,
}

/// Moves jobs that are done to the history, by one statement. Answers those that were still held.
pub async fn complete_jobs(db: impl PgExecutor<'_>, finished: &[Finished]) -> Result<Vec<Uuid>> {
    let (ids, fences) = split(finished.iter().map(|f| f.held));
    let outcomes: Vec<&str> = finished.iter().map(|f| if f.succeeded { "succeeded" } else { "cancelled" }).collect();
    let results: Vec<Option<Value>> = finished.iter().map(|f| f.result.clone()).collect();
    sqlx::query_scalar!(
        r#"with done as (
             delete from jobs j using unnest($1::uuid[], $2::int8[], $3::text[], $4::jsonb[]) as d (id, fence, outcome, result)
              where j.id = d.id and j.fence = d.fence and j.state = 'running'
             returning j.*, d.outcome, d.result),
           kept as (
             insert into job_history (id, kind, class, outcome, priority, attempt, payload, result, run_at, started_at, created_at,
                                      created_by, worker_id)
             select id, kind, class, outcome, priority, attempt, payload, result, run_at, started_at, created_at, created_by, worker_id
               from done)
           select id from done"#,
        &ids,
        &fences,
        &outcomes as &[&str],
        &results as &[Option<Value>]
    )
    .fetch_all(db)
    .await
}

/// How a failed attempt goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Retry {
    /// It is ready again in so long.
    After(Duration),
    /// It failed for good.
    Never,
}

/// Ends a failed attempt: the job waits for its next one, or goes to the dead letters. False when it
/// was no longer held.
pub async fn fail_job(db: &mut PgConnection, held: Held, error: &str, retry: &Retry) -> Result<bool> {
    match retry {
        Retry::Never => Ok(!bury_jobs(db, &[held], error).await?.is_empty()),
        Retry::After(pause) => {
            let done = sqlx::query!(
                "update jobs j set state = 'scheduled', run_at = clock_timestamp() + $3::interval, error = $4, worker_id = null
                  where j.id = $1 and j.fence = $2 and j.state = 'running'",
                held.id,
                held.fence,
                interval(*pause),
                error
            )
            .execute(db)
            .await?;
            Ok(done.rows_affected() == 1)
        }
    }
}

/// Moves jobs that failed for good to the dead letters and the history. Answers those that were held.
pub async fn bury_jobs(db: impl PgExecutor<'_>, held: &[Held], error: &str) -> Result<Vec<Uuid>> {
    let (ids, fences) = split(held.iter().copied());
    sqlx::query_scalar!(
        r#"with done as (
             delete from jobs j using unnest($1::uuid[], $2::int8[]) as d (id, fence)
              where j.id = d.id and j.fence = d.fence and j.state = 'running' returning j.*),
           kept as (
             insert into job_history (id, kind, class, outcome, priority, attempt, payload, error, run_at, started_at, created_at,
                                      created_by, worker_id)
             select id, kind, class, 'failed', priority, attempt, payload, $3, run_at, started_at, created_at, created_by, worker_id
               from done),
           buried as (
             insert into dead_letters (id, source, kind, class, payload, error, attempts, attempts_max, priority, checkpoint,
                                       created_at, created_by)
             select id, 'job', kind, class, payload, $3, attempt, attempts_max, priority, checkpoint, created_at, created_by from done)
           select id from done"#,
        &ids,
        &fences,
        error
    )
    .fetch_all(db)
    .await
}

/// Gives jobs back undone, for whoever comes; the attempt does not count. Answers those that were held.
pub async fn release_jobs(db: impl PgExecutor<'_>, held: &[Held]) -> Result<Vec<Uuid>> {
    let (ids, fences) = split(held.iter().copied());
    sqlx::query_scalar!(
        r#"update jobs j set state = 'ready', worker_id = null, attempt = greatest(j.attempt - 1, 0)
             from unnest($1::uuid[], $2::int8[]) as d (id, fence)
            where j.id = d.id and j.fence = d.fence and j.state = 'running'
           returning j.id"#,
        &ids,
        &fences
    )
    .fetch_all(db)
    .await
}

/// Of these, those that are no longer held.
pub async fn list_lost(db: impl PgExecutor<'_>, held: &[Held]) -> Result<Vec<Held>> {
    let (ids, fences) = split(held.iter().copied());
    sqlx::query_as!(
        Held,
        r#"select h.id as "id!", h.fence as "fence!" from unnest($1::uuid[], $2::int8[]) as h (id, fence)
            where not exists (select from jobs j where j.id = h.id and j.fence = h.fence and j.state = 'running')"#,
        &ids,
        &fences
    )
    .fetch_all(db)
    .await
}

/// Gives back what a worker holds by the database's account alone: all but the `known`. It was never
/// begun, so no attempt is counted. Answers how many.
pub async fn release_unknown(db: impl PgExecutor<'_>, worker_id: Uuid, known: &[Uuid]) -> Result<u64> {
    let done = sqlx::query!(
        "update jobs set state = 'ready', worker_id = null, attempt = greatest(attempt - 1, 0)
          where worker_id = $1 and state = 'running' and id <> all($2)",
        worker_id,
        known
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Whether the job is still held; it stays so until the transaction ends. For a handler that writes:
/// its effects and this stand or fall together.
pub async fn hold_job(db: impl PgExecutor<'_>, held: Held) -> Result<bool> {
    let there = sqlx::query_scalar!(
        "select id from jobs where id = $1 and fence = $2 and state = 'running' for share",
        held.id,
        held.fence
    )
    .fetch_optional(db)
    .await?;
    Ok(there.is_some())
}

/// Keeps where the next attempt goes on. False when the job was no longer held.
pub async fn save_checkpoint(db: impl PgExecutor<'_>, held: Held, checkpoint: &Value) -> Result<bool> {
    let done = sqlx::query!(
        "update jobs set checkpoint = $3 where id = $1 and fence = $2 and state = 'running'",
        held.id,
        held.fence,
        checkpoint
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub held: Held,
    /// From 0 to 1.
    pub done: f32,
    pub message: Option<String>,
}

pub async fn save_progress(db: impl PgExecutor<'_>, progress: &[Progress]) -> Result<()> {
    let (ids, fences) = split(progress.iter().map(|p| p.held));
    let done: Vec<f32> = progress.iter().map(|p| p.done).collect();
    let messages: Vec<Option<&str>> = progress.iter().map(|p| p.message.as_deref()).collect();
    sqlx::query!(
        "update jobs j set progress = p.done, message = p.message
           from unnest($1::uuid[], $2::int8[], $3::float4[], $4::text[]) as p (id, fence, done, message)
          where j.id = p.id and j.fence = p.fence and j.state = 'running'",
        &ids,
        &fences,
        &done,
        &messages as &[Option<&str>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those of a worker's jobs that somebody wants cancelled.
pub async fn list_cancelled(db: impl PgExecutor<'_>, worker_id: Uuid) -> Result<Vec<Held>> {
    sqlx::query_as!(
        Held,
        "select id, fence from jobs where worker_id = $1 and state = 'running' and cancel_requested_at is not null limit 1000",
        worker_id
    )
    .fetch_all(db)
    .await
}
