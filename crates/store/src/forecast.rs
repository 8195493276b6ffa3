//! What a forecast is made from: how long jobs take, and what is affected.

use crate::node::unknown;
use domain::system::State;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// How far back the history tells how long jobs take.
const HISTORY_DAYS: i32 = 7;

/// How long jobs of each kind took of late: nineteen of twenty were faster. Kinds without history are
/// absent.
pub async fn list_usual_durations(db: impl PgExecutor<'_>) -> Result<Vec<(String, Duration)>> {
    let rows = sqlx::query!(
        r#"select kind, percentile_cont(0.95) within group (order by extract(epoch from at - started_at))::float8 as "seconds!"
             from job_history
            where at > clock_timestamp() - make_interval(days => $1) and outcome = 'succeeded' and started_at is not null
            group by kind"#,
        HISTORY_DAYS
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, Duration::try_from_secs_f64(row.seconds).unwrap_or_default())).collect())
}

/// A job that waits or runs, as far as a forecast needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastJob {
    pub id: Uuid,
    pub kind: String,
    pub class: String,
    /// `None`: it waits.
    pub started_at: Option<DateTime<Utc>>,
    pub run_at: DateTime<Utc>,
    pub progress: Option<f32>,
}

/// What runs, then what is due before `until`, in the order in which it is due; of one who enqueued it, or
/// of all.
pub async fn list_forecast_jobs(
    db: impl PgExecutor<'_>,
    until: DateTime<Utc>,
    created_by: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ForecastJob>> {
    sqlx::query_as!(
        ForecastJob,
        "select id, kind, class, case when state = 'running' then started_at end as started_at, run_at, progress from jobs
          where (state = 'running' or run_at < $1) and ($2::uuid is null or created_by = $2)
          order by (state = 'running') desc, run_at, id limit $3",
        until,
        created_by,
        limit
    )
    .fetch_all(db)
    .await
}

/// A system as a forecast tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastSystem {
    pub id: Uuid,
    pub title: String,
    pub state: State,
    pub is_checked: bool,
}

/// The systems among these nodes and within the groups among them, as far as `reader` may see them;
/// `None` sees all.
pub async fn list_forecast_systems(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    affects: &[Uuid],
    limit: i64,
) -> Result<Vec<ForecastSystem>> {
    let rows = sqlx::query!(
        r#"with recursive reached(id, kind) as (
             select n.id, n.kind from nodes n where n.id = any($2) and n.kind in ('system', 'group')
             union
             select n.id, n.kind from reached r
               join edges e on e.target_id = r.id and e.kind = 'part_of'
               join nodes n on n.id = e.source_id
              where r.kind = 'group' and n.kind in ('system', 'group'))
           select n.id, n.title, s.state, s.enabled and s.check_spec is not null as "is_checked!"
             from reached r join nodes n on n.id = r.id join systems s on s.node_id = n.id
            where $1::uuid is null or n.scope_id in (select x.scope_id from readable_scopes($1) x)
            order by lower(n.title), n.id limit $3"#,
        reader,
        affects,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let state = State::parse(&r.state).ok_or_else(|| unknown("state", &r.state))?;
            Ok(ForecastSystem { id: r.id, title: r.title, state, is_checked: r.is_checked })
        })
        .collect()
}
