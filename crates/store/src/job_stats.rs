//! How the queue does, in figures.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The jobs of one kind that are not done.
#[derive(Clone, Debug, PartialEq)]
pub struct KindCounts {
    pub kind: String,
    pub class: String,
    pub waiting: i64,
    pub scheduled: i64,
    pub running: i64,
    /// For how long the oldest of those that wait has been due.
    pub oldest_due_s: Option<f64>,
}

/// By kind; kinds of which there is none are left out.
pub async fn count_jobs(db: impl PgExecutor<'_>) -> Result<Vec<KindCounts>> {
    sqlx::query_as!(
        KindCounts,
        r#"select kind, class,
             count(*) filter (where state = 'ready') as "waiting!",
             count(*) filter (where state = 'scheduled') as "scheduled!",
             count(*) filter (where state = 'running') as "running!",
             greatest(extract(epoch from clock_timestamp() - min(run_at) filter (where state = 'ready'))::float8, 0) as oldest_due_s
           from jobs group by kind, class order by kind, class limit 1000"#
    )
    .fetch_all(db)
    .await
}

/// What ended within one minute.
#[derive(Clone, Debug, PartialEq)]
pub struct MinuteCounts {
    /// Its beginning.
    pub at: DateTime<Utc>,
    pub succeeded: i64,
    pub failed: i64,
    pub cancelled: i64,
    /// From being due to the beginning, of the last attempts; `None` when none began.
    pub wait_avg_s: Option<f64>,
    pub wait_max_s: Option<f64>,
}

/// The last `minutes`, the one at hand among them, oldest first; those in which nothing ended as zeros.
pub async fn list_minutes(db: impl PgExecutor<'_>, minutes: i32) -> Result<Vec<MinuteCounts>> {
    sqlx::query_as!(
        MinuteCounts,
        r#"with span as (select date_trunc('minute', clock_timestamp()) as last),
           ended as (
             select date_trunc('minute', at) as minute,
               count(*) filter (where outcome = 'succeeded') as succeeded,
               count(*) filter (where outcome = 'failed') as failed,
               count(*) filter (where outcome = 'cancelled') as cancelled,
               greatest(extract(epoch from avg(started_at - run_at)), 0)::float8 as wait_avg_s,
               greatest(extract(epoch from max(started_at - run_at)), 0)::float8 as wait_max_s
             from job_history where at >= (select last from span) - ($1 - 1) * interval '1 minute' group by 1)
           select minute as "at!", coalesce(succeeded, 0) as "succeeded!", coalesce(failed, 0) as "failed!",
             coalesce(cancelled, 0) as "cancelled!", wait_avg_s, wait_max_s
           from span cross join lateral generate_series(last - ($1 - 1) * interval '1 minute', last, interval '1 minute') as minute
           left join ended using (minute) order by minute"#,
        minutes
    )
    .fetch_all(db)
    .await
}
