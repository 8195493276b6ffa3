//! Claims. One statement in a transaction of its own, so that a pause is exact, and so is a maintenance's
//! begin: both update the row of the class, which every claim holds until it has committed.

use serde_json::Value;
use sqlx::PgExecutor;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// How many jobs of a kind a worker has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub kind: &'a str,
    pub class: &'a str,
    pub room: usize,
}

/// A job that one worker holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    pub id: Uuid,
    pub kind: String,
    pub class: String,
    /// Goes with all that is written about this attempt.
    pub fence: i64,
    pub payload: Value,
    /// From 1 on.
    pub attempt: i16,
    pub attempts_max: i16,
    pub checkpoint: Option<Value>,
    /// How long it had been due.
    pub waited: Duration,
}

/// Claims at most `limit` jobs for a worker, urgent ones first, then those that are due longest.
pub async fn claim_jobs(
    db: impl PgExecutor<'_>,
    worker_id: Uuid,
    wanted: &[Wanted<'_>],
    limit: usize,
) -> Result<Vec<ClaimedJob>> {
    let kinds: Vec<&str> = wanted.iter().map(|w| w.kind).collect();
    let classes: Vec<&str> = wanted.iter().map(|w| w.class).collect();
    let rooms: Vec<i64> = wanted.iter().map(|w| i64::try_from(w.room).unwrap_or(i64::MAX)).collect();
    let rows = sqlx::query!(
        r#"with open as materialized (
             select name from job_classes where name = any($3::text[]) and paused_at is null and blocked_by is null
              order by name for share),
           picked as materialized (
             select j.id from unnest($2::text[], $3::text[], $4::int8[]) as w (kind, class, room)
               join open on open.name = w.class
              cross join lateral (
                select id, priority, run_at from jobs where kind = w.kind and state = 'ready'
                 order by priority, run_at, id limit w.room for update skip locked) j
              order by j.priority, j.run_at, j.id limit $5)
           update jobs j set state = 'running', attempt = j.attempt + 1, fence = j.fence + 1, worker_id = $1,
                  started_at = clock_timestamp(), progress = null, message = null
             from picked where j.id = picked.id
           returning j.id, j.kind, j.class, j.fence, j.payload, j.attempt, j.attempts_max, j.checkpoint,
             extract(epoch from j.started_at - j.run_at)::float8 as "waited_s!""#,
        worker_id,
        &kinds as &[&str],
        &classes as &[&str],
        &rooms,
        i64::try_from(limit).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?;
    let claimed = rows.into_iter().map(|r| ClaimedJob {
        id: r.id,
        kind: r.kind,
        class: r.class,
        fence: r.fence,
        payload: r.payload,
        attempt: r.attempt,
        attempts_max: r.attempts_max,
        checkpoint: r.checkpoint,
        waited: Duration::try_from_secs_f64(r.waited_s).unwrap_or_default(),
    });
    Ok(claimed.collect())
}

/// Makes scheduled jobs ready whose time has come; answers how many. Fewer than `limit`: that were all.
pub async fn promote_scheduled(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "update jobs j set state = 'ready'
           from (select id from jobs where state = 'scheduled' and run_at <= clock_timestamp()
                  order by run_at limit $1 for update skip locked) due
          where j.id = due.id",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// In how long the next scheduled job is due; zero when it is already, `None` without any.
pub async fn find_next_scheduled(db: impl PgExecutor<'_>) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        r#"select extract(epoch from min(run_at) - clock_timestamp())::float8 from jobs where state = 'scheduled'"#
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or_default()))
}
