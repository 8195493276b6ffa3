//! What is enqueued again and again.

use serde_json::Value;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq)]
pub struct JobSchedule {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub payload: Value,
    pub cron: String,
    pub timezone: String,
    pub enabled: bool,
    /// Made by the server: may be changed, not deleted.
    pub builtin: bool,
    pub next_at: DateTime<Utc>,
    pub last_at: Option<DateTime<Utc>>,
    pub last_job_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
}

macro_rules! schedules {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            JobSchedule,
            "select id, name, kind, payload, cron, timezone, enabled, builtin, next_at, last_at, last_job_id, created_at
             from job_schedules " + $rest
            $(, $arg)*)
    };
}

/// By name.
pub async fn list_job_schedules(db: impl PgExecutor<'_>) -> Result<Vec<JobSchedule>> {
    schedules!("order by name, id limit 1000").fetch_all(db).await
}

pub async fn lock_job_schedule(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<JobSchedule>> {
    schedules!("where id = $1 for update", id).fetch_optional(db).await
}

/// Those that are due, held until the transaction ends; what another instance holds is left to it.
pub async fn lock_due_schedules(db: &mut PgConnection, limit: i64) -> Result<Vec<JobSchedule>> {
    schedules!("where enabled and next_at <= clock_timestamp() order by next_at limit $1 for update skip locked", limit)
        .fetch_all(db)
        .await
}

/// In how long the next one is due; zero when it is already, `None` without any.
pub async fn find_next_schedule(db: impl PgExecutor<'_>) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from min(next_at) - clock_timestamp())::float8 from job_schedules where enabled"
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or_default()))
}

/// Takes note that one was enqueued as this job (`None`: one still waited), and when it is due next.
/// Without a next time it is switched off.
pub async fn advance_schedule(
    db: impl PgExecutor<'_>,
    id: Uuid,
    job_id: Option<Uuid>,
    next_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update job_schedules set last_at = clock_timestamp(), last_job_id = coalesce($2, last_job_id), next_at = coalesce($3, next_at),
                enabled = $3::timestamptz is not null
          where id = $1",
        id,
        job_id,
        next_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A schedule to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub payload: &'a Value,
    pub cron: &'a str,
    pub timezone: &'a str,
    pub enabled: bool,
    pub next_at: DateTime<Utc>,
}

/// Makes one that the server itself needs, unless it is there: what a person changed of it stays. It
/// is due at once.
pub async fn ensure_builtin_schedule(db: impl PgExecutor<'_>, name: &str, kind: &str, cron: &str) -> Result<()> {
    sqlx::query!(
        "insert into job_schedules (id, name, kind, cron, builtin, next_at) values ($1, $2, $3, $4, true, clock_timestamp())
         on conflict (name) do nothing",
        Uuid::now_v7(),
        name,
        kind,
        cron
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes one, unless there are `most` already (`None`).
pub async fn insert_job_schedule(db: impl PgExecutor<'_>, new: &NewSchedule<'_>, most: i64) -> Result<Option<JobSchedule>> {
    sqlx::query_as!(
        JobSchedule,
        "insert into job_schedules (id, name, kind, payload, cron, timezone, enabled, next_at)
         select $1, $2, $3, $4, $5, $6, $7, $8 where (select count(*) from job_schedules) < $9
         returning id, name, kind, payload, cron, timezone, enabled, builtin, next_at, last_at, last_job_id, created_at",
        Uuid::now_v7(),
        new.name,
        new.kind,
        new.payload,
        new.cron,
        new.timezone,
        new.enabled,
        new.next_at,
        most
    )
    .fetch_optional(db)
    .await
}

/// Gives one other contents. The caller has locked it.
pub async fn update_job_schedule(db: impl PgExecutor<'_>, id: Uuid, new: &NewSchedule<'_>) -> Result<JobSchedule> {
    sqlx::query_as!(
        JobSchedule,
        "update job_schedules set name = $2, kind = $3, payload = $4, cron = $5, timezone = $6, enabled = $7, next_at = $8 where id = $1
         returning id, name, kind, payload, cron, timezone, enabled, builtin, next_at, last_at, last_job_id, created_at",
        id,
        new.name,
        new.kind,
        new.payload,
        new.cron,
        new.timezone,
        new.enabled,
        new.next_at
    )
    .fetch_one(db)
    .await
}

/// False when there is none, or it is the server's own.
pub async fn delete_job_schedule(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from job_schedules where id = $1 and not builtin", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
