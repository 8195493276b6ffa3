//! Enqueues. In the caller's transaction: the job is there if and only if that commits.

use domain::job::NewJob;
use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What became of a job that was to be enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    New(Uuid),
    /// One with the same unique key waits already, or was enqueued within its period.
    Duplicate,
}

/// Enqueues jobs, at most `JOBS_PER_BATCH_MAX`, by one statement. Answers in their order.
pub async fn insert_jobs(db: &mut PgConnection, jobs: &[NewJob]) -> Result<Vec<Inserted>> {
    let mut taken: Vec<Uuid> = Vec::new();
    for job in jobs.iter().filter(|job| job.unique_for.is_some()) {
        if !hold_key(&mut *db, job).await? {
            taken.push(job.id);
        }
    }
    let wanted: Vec<&NewJob> = jobs.iter().filter(|job| !taken.contains(&job.id)).collect();
    let ids: Vec<Uuid> = wanted.iter().map(|j| j.id).collect();
    let kinds: Vec<&str> = wanted.iter().map(|j| j.kind.as_str()).collect();
    let classes: Vec<&str> = wanted.iter().map(|j| j.class.as_str()).collect();
    let priorities: Vec<i16> = wanted.iter().map(|j| j.priority.rank()).collect();
    let run_ats: Vec<Option<DateTime<Utc>>> = wanted.iter().map(|j| j.run_at).collect();
    let keys: Vec<Option<&str>> = wanted.iter().map(|j| j.unique_key.as_deref().filter(|_| j.unique_for.is_none())).collect();
    let payloads: Vec<Value> = wanted.iter().map(|j| j.payload.clone()).collect();
    let attempts: Vec<i16> = wanted.iter().map(|j| j.attempts_max).collect();
    let people: Vec<Option<Uuid>> = wanted.iter().map(|j| j.created_by).collect();
    let new = sqlx::query_scalar!(
        r#"insert into jobs (id, kind, class, priority, run_at, state, unique_key, payload, attempts_max, created_by)
           select id, kind, class, priority, coalesce(run_at, clock_timestamp()),
                  case when run_at > clock_timestamp() then 'scheduled' else 'ready' end, key, payload, attempts, person
             from unnest($1::uuid[], $2::text[], $3::text[], $4::int2[], $5::timestamptz[], $6::text[], $7::jsonb[], $8::int2[], $9::uuid[])
               as new (id, kind, class, priority, run_at, key, payload, attempts, person)
           on conflict (kind, unique_key) where state <> 'running' and unique_key is not null do nothing
           returning id"#,
        &ids,
        &kinds as &[&str],
        &classes as &[&str],
        &priorities,
        &run_ats as &[Option<DateTime<Utc>>],
        &keys as &[Option<&str>],
        &payloads,
        &attempts,
        &people as &[Option<Uuid>]
    )
    .fetch_all(&mut *db)
    .await?;
    if new.len() == jobs.len() {
        return Ok(new.into_iter().map(Inserted::New).collect());
    }
    let new: std::collections::HashSet<Uuid> = new.into_iter().collect();
    Ok(jobs.iter().map(|job| if new.contains(&job.id) { Inserted::New(job.id) } else { Inserted::Duplicate }).collect())
}

/// Takes a key for its period; false while another holds it.
async fn hold_key(db: &mut PgConnection, job: &NewJob) -> Result<bool> {
    let (Some(key), Some(period)) = (&job.unique_key, job.unique_for) else { return Ok(true) };
    let held = sqlx::query_scalar!(
        r#"insert into job_keys as k (kind, key, until, job_id) values ($1, $2, clock_timestamp() + $3::interval, $4)
           on conflict (kind, key) do update set until = excluded.until, job_id = excluded.job_id where k.until <= clock_timestamp()
           returning job_id"#,
        job.kind,
        key,
        super::interval(period),
        job.id
    )
    .fetch_optional(db)
    .await?;
    Ok(held.is_some())
}

/// Wakes the workers of other instances: a transaction that holds nothing but the NOTIFY, so that no
/// writer waits behind it.
pub async fn ring(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("select pg_notify('synops_jobs', '')").execute(db).await?;
    Ok(())
}

/// Deletes keys whose period is over; answers how many.
pub async fn delete_expired_keys(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from job_keys where (kind, key) in (select kind, key from job_keys where until <= clock_timestamp() limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
