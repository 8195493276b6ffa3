//! Maintenances: their windows and states, and what people were told. (Their nodes are read in
//! `node.rs`, like all others.)

mod calendar;
mod list;
mod reminder;
mod series;
mod stop;

pub use calendar::{CalendarRow, delete_calendar_token, find_calendar_reader, list_calendar, upsert_calendar_token};
pub use list::{
    Affected, AffectedFilter, MaintenanceFilter, MaintenancePosition, list_affected, list_maintenances, list_open_maintenances,
};
pub use reminder::{list_about, list_reminders_due, take_reminders};
pub use series::{
    Made, find_readable_series, find_series, forget_series, list_due_series, list_readable_series, lock_made, lock_series,
    mark_edited, put_off_series, set_occurrence, upsert_series,
};
pub use stop::{
    StopRow, TurnAsked, announce_stop, begin_draining, count_stops, extend_stops, find_window, finish_stop, has_turn, list_stops,
    take_turn,
};

use crate::node::unknown;
use domain::forecast::StopMode;
use domain::job::JobClass;
use domain::maintenance::{Maintenance, MaintenancePatch, MaintenanceState, Outcome, Settings, Verification};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `maintenances` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct MaintenanceRow {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    timezone: String,
    state: String,
    fence: i64,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    outcome: Option<String>,
    affects_instance: bool,
    mode: Option<String>,
    verify: bool,
    verify_timeout_s: i32,
    blocked_classes: Vec<String>,
    drain_bound_s: i32,
    rolling: bool,
    admins_first: bool,
    links: serde_json::Value,
    series_id: Option<Uuid>,
    occurrence_at: Option<NaiveDateTime>,
}

impl MaintenanceRow {
    pub(crate) fn into_maintenance(self) -> Result<Maintenance> {
        let outcome = self.outcome.map(|text| Outcome::parse(&text).ok_or_else(|| unknown("outcome", &text)));
        Ok(Maintenance {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            timezone: self.timezone,
            state: parse_state(&self.state)?,
            fence: self.fence,
            started_at: self.started_at,
            ended_at: self.ended_at,
            finished_at: self.finished_at,
            outcome: outcome.transpose()?,
            affects_instance: self.affects_instance,
            mode: self.mode.as_deref().and_then(StopMode::parse),
            settings: Settings {
                verify: self.verify,
                verify_timeout_s: self.verify_timeout_s,
                // Of what psql wrote there only what this version knows.
                blocked_classes: self.blocked_classes.iter().filter_map(|name| JobClass::parse(name)).collect(),
                drain_bound_s: self.drain_bound_s,
                rolling: self.rolling,
                admins_first: self.admins_first,
            },
            links: serde_json::from_value(self.links).unwrap_or_default(),
            series_id: self.series_id,
            occurrence_at: self.occurrence_at,
        })
    }
}

fn parse_state(text: &str) -> Result<MaintenanceState> {
    MaintenanceState::parse(text).ok_or_else(|| unknown("state", text))
}

/// The maintenance, locked until the transaction ends. The caller has locked its node before: that
/// is the order of all who write facets.
pub async fn lock_maintenance(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Maintenance>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(m) as "row!: Json<MaintenanceRow>" from maintenances m where m.node_id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| row.0.into_maintenance()).transpose()
}

/// The facet of a new node. The window is given; what else is absent has its default.
pub async fn insert_maintenance(
    db: impl PgExecutor<'_>,
    id: Uuid,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    plan: &MaintenancePatch,
) -> Result<()> {
    let blocked_classes = classes(plan);
    sqlx::query!(
        "insert into maintenances (node_id, starts_at, ends_at, timezone, verify, verify_timeout_s, blocked_classes, drain_bound_s,
           rolling, links, admins_first)
         values ($1, $2, $3, coalesce($4, 'UTC'), coalesce($5, true), coalesce($6, 600), coalesce($7, array['tools']),
           coalesce($8, 300), coalesce($9, false), coalesce($10, '[]'::jsonb), coalesce($11, false))",
        id,
        starts_at,
        ends_at,
        plan.timezone,
        plan.verify,
        plan.verify_timeout_s,
        blocked_classes.as_deref(),
        plan.drain_bound_s,
        plan.rolling,
        plan.links.as_ref().map(Json) as _,
        plan.admins_first
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets what is given, but for `affects`, which are edges.
pub async fn update_maintenance(db: impl PgExecutor<'_>, id: Uuid, patch: &MaintenancePatch) -> Result<()> {
    let blocked_classes = classes(patch);
    sqlx::query!(
        "update maintenances set starts_at = coalesce($2, starts_at), ends_at = coalesce($3, ends_at),
           timezone = coalesce($4, timezone), verify = coalesce($5, verify), verify_timeout_s = coalesce($6, verify_timeout_s),
           blocked_classes = coalesce($7, blocked_classes), drain_bound_s = coalesce($8, drain_bound_s),
           rolling = coalesce($9, rolling), links = coalesce($10, links), admins_first = coalesce($11, admins_first)
         where node_id = $1",
        id,
        patch.starts_at,
        patch.ends_at,
        patch.timezone,
        patch.verify,
        patch.verify_timeout_s,
        blocked_classes.as_deref(),
        patch.drain_bound_s,
        patch.rolling,
        patch.links.as_ref().map(Json) as _,
        patch.admins_first
    )
    .execute(db)
    .await?;
    Ok(())
}

fn classes(patch: &MaintenancePatch) -> Option<Vec<String>> {
    let mut classes: Vec<String> = patch.blocked_classes.as_ref()?.iter().map(|class| class.as_str().to_owned()).collect();
    classes.sort_unstable();
    classes.dedup();
    Some(classes)
}

/// Moves the state on, unless somebody else has changed state or window since `from` was read: then
/// nothing is written, and the answer is false. With the begin of one that takes down Synops itself
/// goes who has to stop for it, and which classes of jobs wait; with the end, that they go on.
pub async fn move_maintenance(
    db: &mut PgConnection,
    id: Uuid,
    from: &Maintenance,
    to: MaintenanceState,
    outcome: Option<Outcome>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update maintenances set state = $4, outcome = $5,
           started_at = case when $4 = 'in_progress' then clock_timestamp() else started_at end,
           ended_at = case when $4 in ('verifying', 'completed') then coalesce(ended_at, clock_timestamp()) else ended_at end,
           finished_at = case when $4 in ('completed', 'cancelled') then clock_timestamp() end
         where node_id = $1 and state = $2 and fence = $3",
        id,
        from.state.as_str(),
        from.fence,
        to.as_str(),
        outcome.map(Outcome::as_str)
    )
    .execute(&mut *db)
    .await?;
    let moved = done.rows_affected() == 1;
    if moved && to == MaintenanceState::InProgress && from.affects_instance {
        stop::list_who_stops(db, id, &from.settings).await?;
    }
    if moved && to.is_over() {
        stop::unblock(db, id).await?;
    }
    Ok(moved)
}

/// Maintenances that the clock has something to do with now, longest due first. Those that verify, and
/// those that take down Synops itself, are among them always: whether they are done is for their checks
/// and servers to say.
///
/// Without `of_synops` those of Synops itself are left out.
pub async fn list_due(db: impl PgExecutor<'_>, of_synops: bool, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select due.node_id as "id!" from (
             select node_id, starts_at as at, affects_instance from maintenances
              where state = 'scheduled' and starts_at <= clock_timestamp()
             union all
             select node_id, ends_at, affects_instance from maintenances
              where state = 'in_progress' and (ends_at <= clock_timestamp() or affects_instance)
             union all
             select node_id, ended_at, affects_instance from maintenances where state = 'verifying') due
           where $2 or not due.affects_instance
           order by due.at limit $1"#,
        limit,
        of_synops
    )
    .fetch_all(db)
    .await
}

/// In how long the next start or end is due; zero when it is already, `None` without any. An end that waits for
/// servers of Synops to stop is due when they have.
pub async fn find_next_due(db: impl PgExecutor<'_>) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from least(
             (select min(starts_at) from maintenances where state = 'scheduled'),
             (select min(ends_at) from maintenances where state = 'in_progress'
                 and (not affects_instance or ends_at > clock_timestamp()))) - clock_timestamp())::float8"
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or_default()))
}

/// What the checks of the affected systems say, and, of a maintenance of Synops itself, the roles of the
/// servers that had to stop. A system is green when it is up by a run that was recorded since the work
/// was over, a role when a server with it was ready since.
pub async fn find_verification(db: impl PgExecutor<'_>, id: Uuid) -> Result<Verification> {
    sqlx::query_as!(
        Verification,
        r#"select count(*) as "checked!", count(*) filter (where up) as "up!", count(*) filter (where up and is_new) as "green!"
           from (
             select s.state = 'up' as up, s.state = 'up' and exists (
                      select from check_runs r where r.system_id = s.node_id and r.at > m.ended_at and r.ok) as is_new
               from maintenances m cross join affected_systems(m.node_id) a join systems s on s.node_id = a.system_id
              where m.node_id = $1 and s.enabled and s.check_spec is not null
             union all
             select i.seen_at is not null, i.seen_at > m.ended_at
               from maintenances m
              cross join lateral (
                select distinct role from maintenance_stops s cross join unnest(s.roles) role
                 where s.maintenance_id = m.node_id and s.turn is not null) r
               left join lateral (
                select max(seen_at) as seen_at from instances
                 where r.role = any(roles) and state in ('ready', 'announced')
                   and seen_at > clock_timestamp() - $2::interval) i on true
              where m.node_id = $1) c"#,
        id,
        crate::instance::lapse() as _
    )
    .fetch_one(db)
    .await
}

/// Has everything affected checked now, so that nobody waits for an interval to pass.
pub async fn check_affected_now(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!(
        "update check_schedule c set next_at = statement_timestamp()
           from affected_systems($1) a join systems s on s.node_id = a.system_id
          where c.system_id = a.system_id and s.enabled and s.check_spec is not null",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The `affects` edges of a maintenance: edge and target.
pub async fn list_affects(db: impl PgExecutor<'_>, id: Uuid) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!("select id, target_id from edges where source_id = $1 and kind = 'affects' order by id", id)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.target_id)).collect())
}
