//! Hours and days of check runs.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Hour,
    Day,
}

impl Span {
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct CheckRollup {
    pub starts_at: DateTime<Utc>,
    pub runs: i32,
    pub failures: i32,
    /// In milliseconds, of the runs that did not fail.
    pub latency_ms_avg: Option<f32>,
    pub latency_ms_p50: Option<f32>,
    pub latency_ms_p95: Option<f32>,
    pub latency_ms_max: Option<f32>,
}

/// Where rolling up goes on: the start of the newest one made (it may not have been over), else of
/// the oldest run there is. `None` when there is nothing to do.
pub async fn find_rollup_start(db: impl PgExecutor<'_>, span: Span) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select coalesce((select max(starts_at) from check_rollups where span = $1),
                         date_trunc($1, (select min(at) from check_runs), 'UTC'))",
        span.as_str()
    )
    .fetch_one(db)
    .await
}

/// Makes those that begin in `[from, to)`, or makes them anew; both stand at the beginning of one.
/// Answers how many.
pub async fn roll_up(db: impl PgExecutor<'_>, span: Span, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "insert into check_rollups (system_id, span, starts_at, runs, failures, latency_ms_avg, latency_ms_p50, latency_ms_p95, latency_ms_max)
         select r.system_id, $1, date_trunc($1, r.at, 'UTC'), count(*), count(*) filter (where not r.ok), avg(r.latency_ms) filter (where r.ok),
                percentile_cont(0.5) within group (order by r.latency_ms) filter (where r.ok),
                percentile_cont(0.95) within group (order by r.latency_ms) filter (where r.ok), max(r.latency_ms) filter (where r.ok)
           from check_runs r join systems s on s.node_id = r.system_id
          where r.at >= $2 and r.at < $3
          group by 1, 3
         on conflict (system_id, span, starts_at) do update
         set runs = excluded.runs, failures = excluded.failures, latency_ms_avg = excluded.latency_ms_avg,
             latency_ms_p50 = excluded.latency_ms_p50, latency_ms_p95 = excluded.latency_ms_p95, latency_ms_max = excluded.latency_ms_max",
        span.as_str(),
        from,
        to
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Those of a system that begin in `[from, to)`, oldest first.
pub async fn list_check_rollups(
    db: impl PgExecutor<'_>,
    system_id: Uuid,
    span: Span,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<CheckRollup>> {
    sqlx::query_as!(
        CheckRollup,
        "select starts_at, runs, failures, latency_ms_avg, latency_ms_p50, latency_ms_p95, latency_ms_max from check_rollups
          where system_id = $1 and span = $2 and starts_at >= $3 and starts_at < $4 order by starts_at limit $5",
        system_id,
        span.as_str(),
        from,
        to,
        limit
    )
    .fetch_all(db)
    .await
}

/// Deletes those that are older; answers how many, at most `limit`.
pub async fn delete_old_rollups(db: impl PgExecutor<'_>, span: Span, kept: Duration, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from check_rollups where (system_id, span, starts_at) in (
           select system_id, span, starts_at from check_rollups
            where span = $1 and starts_at < clock_timestamp() - $2::float8 * interval '1 s' limit $3)",
        span.as_str(),
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
