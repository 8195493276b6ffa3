//! When systems are checked, who is at it, and what was found.

use crate::node::unknown;
use domain::check::{CheckRun, CheckSpec, LatencyPoint};
use domain::system::State;
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A check that one prober holds until its lease ends. (No `Debug`: it may carry a password.)
pub struct Claimed {
    pub system_id: Uuid,
    /// Goes with everything that is written about this run: a later claim makes it worthless.
    pub fence: i64,
    /// When it should have run; tells [`finish_run`] whether somebody asked for another meanwhile.
    pub due_at: DateTime<Utc>,
    /// For how long it had been due.
    pub overdue: Duration,
    /// `None` when what is stored is no check that this version knows.
    pub check: Option<CheckSpec>,
    pub password: Option<String>,
    pub interval: Duration,
    pub timeout: Duration,
    /// The state of now, and how many failures in a row make it `down`.
    pub state: State,
    pub failures_to_down: i16,
}

struct ClaimedRow {
    system_id: Uuid,
    fence: i64,
    due_at: DateTime<Utc>,
    overdue_s: f64,
    check_spec: Value,
    password: Option<String>,
    interval_s: i32,
    timeout_ms: i32,
    state: String,
    failures_to_down: i16,
}

impl ClaimedRow {
    fn into_claimed(self) -> Result<Claimed> {
        Ok(Claimed {
            system_id: self.system_id,
            fence: self.fence,
            due_at: self.due_at,
            overdue: duration(self.overdue_s),
            check: serde_json::from_value(self.check_spec).ok(),
            password: self.password,
            interval: Duration::from_secs(u64::try_from(self.interval_s).unwrap_or(0)),
            timeout: Duration::from_millis(u64::try_from(self.timeout_ms).unwrap_or(0)),
            state: State::parse(&self.state).ok_or_else(|| unknown("state", &self.state))?,
            failures_to_down: self.failures_to_down,
        })
    }
}

/// From the database's seconds; what lies in the future counts as none.
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Takes up to `limit` due checks, longest due first, each for its time-out and `grace` more. No
/// other call gets the same one before it is finished, given back, or its lease has ended.
pub async fn claim_due(db: impl PgExecutor<'_>, limit: i64, grace: Duration) -> Result<Vec<Claimed>> {
    let rows = sqlx::query_as!(
        ClaimedRow,
        r#"with due as (
             select c.system_id from check_schedule c join systems s on s.node_id = c.system_id
              where c.next_at <= statement_timestamp()
                and (c.lease_until is null or c.lease_until <= statement_timestamp())
                and s.enabled and s.check_spec is not null
              order by c.next_at limit $1
                for update of c skip locked)
           update check_schedule c
              set fence = c.fence + 1,
                  lease_until = statement_timestamp() + s.timeout_ms * interval '1 ms' + $2::float8 * interval '1 s'
             from due, systems s left join check_secrets k on k.system_id = s.node_id
            where c.system_id = due.system_id and s.node_id = due.system_id
           returning c.system_id, c.fence, c.next_at as due_at,
             extract(epoch from statement_timestamp() - c.next_at)::float8 as "overdue_s!",
             s.check_spec as "check_spec!", k.password as "password?", s.interval_s, s.timeout_ms, s.state, s.failures_to_down"#,
        limit,
        grace.as_secs_f64()
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(ClaimedRow::into_claimed).collect()
}

/// What a run found.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun<'a> {
    pub ok: bool,
    pub latency_ms: Option<f32>,
    /// Why it failed.
    pub error: Option<&'a str>,
}

/// Records a run and lets go of its check, which is due again in `next_in` (or at once, if somebody
/// asked for it meanwhile). Answers the failures in a row, this run included; `None` when the fence
/// no longer holds: somebody else is at it, or the check is another now, and nothing was recorded.
pub async fn finish_run(db: impl PgExecutor<'_>, claimed: &Claimed, run: NewRun<'_>, next_in: Duration) -> Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"with done as (
             update check_schedule c
                set lease_until = null,
                    next_at = case when c.next_at = $3 then statement_timestamp() + $4::float8 * interval '1 s' else c.next_at end,
                    consecutive_failures = case when $5 then 0 else least(c.consecutive_failures, 1000000) + 1 end
              where c.system_id = $1 and c.fence = $2 and c.lease_until is not null
             returning c.consecutive_failures),
           recorded as (
             insert into check_runs (system_id, ok, latency_ms, error) select $1, $5, $6, $7 from done)
           select consecutive_failures as "failures!" from done"#,
        claimed.system_id,
        claimed.fence,
        claimed.due_at,
        next_in.as_secs_f64(),
        run.ok,
        run.latency_ms,
        run.error
    )
    .fetch_optional(db)
    .await
}

/// Gives a check back unrun: it is due at once, for whoever comes. Nothing if the fence is old.
pub async fn release_claim(db: impl PgExecutor<'_>, claimed: &Claimed) -> Result<()> {
    sqlx::query!(
        "update check_schedule set lease_until = null where system_id = $1 and fence = $2",
        claimed.system_id,
        claimed.fence
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has the system checked now, or once more if a run is under way. False when it is not checked at all.
pub async fn due_now(db: impl PgExecutor<'_>, system_id: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "update check_schedule c set next_at = statement_timestamp() from systems s
          where c.system_id = $1 and s.node_id = c.system_id and s.enabled and s.check_spec is not null",
        system_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The fence of a system's check, held as it is until the transaction ends.
pub async fn lock_fence(db: impl PgExecutor<'_>, system_id: Uuid) -> Result<Option<i64>> {
    sqlx::query_scalar!("select fence from check_schedule where system_id = $1 for share", system_id).fetch_optional(db).await
}

/// Sets the state that checks found, unless it is that already; answers the state before if it
/// was another. The caller has locked the node.
pub async fn update_state(db: impl PgExecutor<'_>, system_id: Uuid, state: State, reason: Option<&str>) -> Result<Option<State>> {
    let before = sqlx::query_scalar!(
        r#"update systems s set state = $2, state_reason = $3
             from (select node_id, state from systems where node_id = $1 for update) o
            where s.node_id = o.node_id and o.state <> $2 and s.enabled and s.check_spec is not null
           returning o.state as "state!""#,
        system_id,
        state.as_str(),
        reason
    )
    .fetch_optional(db)
    .await?;
    before.map(|text| State::parse(&text).ok_or_else(|| unknown("state", &text))).transpose()
}

/// In how long the next check that nobody is at is due; zero when it is already, `None` without any.
pub async fn find_next_due(db: impl PgExecutor<'_>) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        r#"select extract(epoch from c.next_at - statement_timestamp())::float8 as "s!"
             from check_schedule c join systems s on s.node_id = c.system_id
            where (c.lease_until is null or c.lease_until <= statement_timestamp()) and s.enabled and s.check_spec is not null
            order by c.next_at limit 1"#
    )
    .fetch_optional(db)
    .await?;
    Ok(seconds.map(duration))
}

/// Runs of a system in `[from, to)`, newest first. `before`: the time of the last one of the page
/// before. Whether somebody may see the system is for the caller to know.
pub async fn list_runs(
    db: impl PgExecutor<'_>,
    system_id: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<CheckRun>> {
    sqlx::query_as!(
        CheckRun,
        "select at, ok, latency_ms, error from check_runs
          where system_id = $1 and at >= $2 and at < least($3, $4::timestamptz) order by at desc limit $5",
        system_id,
        from,
        to,
        before,
        limit
    )
    .fetch_all(db)
    .await
}

/// The last `points` runs of each system, oldest first, in the order of `system_ids`. Looks back
/// three days, or forty intervals where that is longer: so only a few partitions are opened.
pub async fn list_recent_points(
    db: impl PgExecutor<'_>,
    system_ids: &[Uuid],
    points: i64,
) -> Result<Vec<(Uuid, Vec<LatencyPoint>)>> {
    let rows = sqlx::query!(
        r#"select s.node_id, r.at as "at!", r.ok as "ok!", r.latency_ms
             from systems s
            cross join lateral (
              select at, ok, latency_ms from check_runs
               where system_id = s.node_id
                 and at > statement_timestamp() - greatest(interval '3 days', s.interval_s * interval '40 s')
               order by at desc limit $2) r
            where s.node_id = any($1)
            order by s.node_id, r.at"#,
        system_ids,
        points
    )
    .fetch_all(db)
    .await?;
    let mut found: HashMap<Uuid, Vec<LatencyPoint>> = HashMap::new();
    for row in rows {
        found.entry(row.node_id).or_default().push(LatencyPoint { at: row.at, ok: row.ok, latency_ms: row.latency_ms });
    }
    Ok(system_ids.iter().map(|id| (*id, found.remove(id).unwrap_or_default())).collect())
}

/// How the checks of all instances are doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProberStats {
    pub checked_systems: i64,
    /// Due, and nobody is at it yet.
    pub due: i64,
    /// Of these, due for more than ten seconds.
    pub overdue: i64,
    pub running: i64,
    pub runs_last_minute: i64,
    pub failures_last_minute: i64,
}

pub async fn find_stats(db: impl PgExecutor<'_>) -> Result<ProberStats> {
    sqlx::query_as!(
        ProberStats,
        r#"select count(*) as "checked_systems!",
             count(*) filter (where c.due) as "due!",
             count(*) filter (where c.due and c.next_at < statement_timestamp() - interval '10 s') as "overdue!",
             count(*) filter (where c.running) as "running!",
             coalesce(sum(r.runs), 0)::int8 as "runs_last_minute!",
             coalesce(sum(r.failures), 0)::int8 as "failures_last_minute!"
           from (
             select c.system_id, c.next_at,
                    c.lease_until is not null and c.lease_until > statement_timestamp() as running,
                    c.next_at <= statement_timestamp() and (c.lease_until is null or c.lease_until <= statement_timestamp()) as due
               from check_schedule c join systems s on s.node_id = c.system_id
              where s.enabled and s.check_spec is not null) c
           cross join lateral (
             select count(*) as runs, count(*) filter (where not ok) as failures from check_runs
              where system_id = c.system_id and at > statement_timestamp() - interval '1 minute') r"#
    )
    .fetch_one(db)
    .await
}
