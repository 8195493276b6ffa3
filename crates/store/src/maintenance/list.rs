//! Maintenances for the eye: which there are, and what they affect.

use super::parse_state;
use domain::maintenance::MaintenanceState;
use serde::Serialize;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

/// No window ends later: the database sees to it.
const FAR_FUTURE: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("the end of the year 9999");

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What to list; `None` takes all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MaintenanceFilter {
    pub states: Option<Vec<MaintenanceState>>,
    /// Affecting this node: by name, or by a group that it is part of.
    pub affects: Option<Uuid>,
    /// Windows of this series.
    pub series_id: Option<Uuid>,
    /// Ending after this time.
    pub from: Option<DateTime<Utc>>,
    /// Beginning before this time.
    pub to: Option<DateTime<Utc>>,
    /// By when they begin: the latest first, or the earliest.
    pub latest_first: bool,
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaintenancePosition {
    pub starts_at: DateTime<Utc>,
    pub id: Uuid,
}

/// The one condition behind the lists below; the caller gives the order, in which an index is read.
macro_rules! places {
    ($order:literal, $($arg:expr),*) => {
        sqlx::query_as!(MaintenancePosition,
            r#"with recursive around(id) as (
                 select $3::uuid
                 union
                 select e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of' where $3 is not null)
               select m.starts_at as "starts_at!", m.node_id as "id!" from maintenances m join nodes n on n.id = m.node_id
                where n.scope_id = any($1)
                  and ($2::text[] is null or m.state = any($2))
                  and ($6::uuid is null or m.series_id = $6)
                  and ($3::uuid is null or exists (
                    select from edges e join nodes t on t.id = e.target_id
                     where e.source_id = m.node_id and e.kind = 'affects' and e.target_id in (select id from around)
                       -- Everything is part of the instance, but not everything goes down with it.
                       and (t.kind <> 'instance' or t.id = $3)
                       and e.target_scope_id = any($1)))
                  -- No window is longer, so what ends after a time began not long before it.
                  and m.starts_at > $4::timestamptz - interval '720 hours' and m.ends_at > $4 and m.starts_at < $5 "#
                + $order, $($arg),*)
    };
}

/// Before all windows, and behind them: what the database lets one be.
fn bounds(filter: &MaintenanceFilter) -> (DateTime<Utc>, DateTime<Utc>) {
    (filter.from.unwrap_or(DateTime::UNIX_EPOCH), filter.to.unwrap_or(FAR_FUTURE))
}

/// Maintenances of these scopes, in order: their places. What they affect counts only as far as it is in
/// these scopes, too.
pub async fn list_maintenances(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &MaintenanceFilter,
    after: Option<MaintenancePosition>,
    limit: i64,
) -> Result<Vec<MaintenancePosition>> {
    let states: Option<Vec<String>> =
        filter.states.as_ref().map(|states| states.iter().map(|state| state.as_str().to_owned()).collect());
    let states = states.as_deref();
    let (from, to) = bounds(filter);
    let (affects, after_at, after_id) = (filter.affects, after.map(|a| a.starts_at), after.map(|a| a.id));
    if filter.latest_first {
        places!(
            "and (m.starts_at, m.node_id) < (coalesce($7::timestamptz, 'infinity'), coalesce($8::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
             order by m.starts_at desc, m.node_id desc limit $9",
            scope_ids, states, affects, from, to, filter.series_id, after_at, after_id, limit
        )
        .fetch_all(db)
        .await
    } else {
        places!(
            "and (m.starts_at, m.node_id) > (coalesce($7::timestamptz, '-infinity'), coalesce($8::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
             order by m.starts_at, m.node_id limit $9",
            scope_ids, states, affects, from, to, filter.series_id, after_at, after_id, limit
        )
        .fetch_all(db)
        .await
    }
}

/// Maintenances that are not over, whoever asks: the earliest first. For the command line.
pub async fn list_open_maintenances(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select node_id from maintenances where state in ('scheduled', 'in_progress', 'verifying') order by starts_at, node_id limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// Which of what is affected to list; `None` takes all.
#[derive(Clone, Copy, Debug, Default)]
pub struct AffectedFilter {
    pub maintenance_id: Option<Uuid>,
    pub system_id: Option<Uuid>,
    /// Only what is going on: by state and clock together, so that a late start hides nothing.
    pub active: bool,
}

/// A system and a maintenance that affects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    pub system_id: Uuid,
    pub maintenance_id: Uuid,
    pub title: String,
    pub state: MaintenanceState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// What is affected by maintenances that are not over, as far as `reader` may see both: by system,
/// then begin. `after`: system and maintenance of the last one of the page before.
pub async fn list_affected(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    filter: AffectedFilter,
    after: Option<(Uuid, Uuid)>,
    limit: i64,
) -> Result<Vec<Affected>> {
    let (after_system, after_maintenance) = after.unzip();
    let rows = sqlx::query!(
        r#"with readable as materialized (select r.scope_id from readable_scopes($1) r)
           select a.system_id as "system_id!", m.node_id, n.title, m.state, m.starts_at, m.ends_at
             from maintenances m
             join nodes n on n.id = m.node_id
            cross join affected_systems(m.node_id) a
             join nodes s on s.id = a.system_id
            where m.state in ('scheduled', 'in_progress', 'verifying')
              and (not $4 or m.state <> 'scheduled' or m.starts_at <= clock_timestamp())
              and ($2::uuid is null or m.node_id = $2)
              and ($3::uuid is null or a.system_id = $3)
              and n.scope_id in (select scope_id from readable)
              and s.scope_id in (select scope_id from readable)
              and ($5::uuid is null or (a.system_id, m.node_id) > ($5, $6::uuid))
            order by a.system_id, m.node_id limit $7"#,
        reader,
        filter.maintenance_id,
        filter.system_id,
        filter.active,
        after_system,
        after_maintenance,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let state = parse_state(&r.state)?;
            let (starts_at, ends_at) = (r.starts_at, r.ends_at);
            Ok(Affected { system_id: r.system_id, maintenance_id: r.node_id, title: r.title, state, starts_at, ends_at })
        })
        .collect()
}
