//! Which servers stop for a maintenance of Synops itself, and how far each is.

use super::parse_state;
use crate::instance::{interval, lapse, list_instances};
use domain::forecast::{StopMode, stop_mode};
use domain::job::JobClass;
use domain::lifecycle::{InstanceState, Stops, Window};
use domain::maintenance::Settings;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// One server in one maintenance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopRow {
    pub instance_id: Uuid,
    pub name: String,
    pub version: String,
    pub roles: Vec<String>,
    /// `None`: it does not stop for it.
    pub turn: Option<i32>,
    pub announced_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    pub draining_at: Option<DateTime<Utc>>,
    pub drain_until: Option<DateTime<Utc>>,
    pub stopped_at: Option<DateTime<Utc>>,
    /// Parts that did not end in time.
    pub late: Vec<String>,
    /// It was heard of of late.
    pub is_present: bool,
}

impl StopRow {
    /// Whether nobody waits for it any more.
    pub const fn is_gone(&self) -> bool {
        self.stopped_at.is_some() || !self.is_present
    }
}

/// The maintenance of Synops itself that is under way; else the next one, if it begins within `ahead`. As
/// the instance sees it: only one that does not stop for it can be kept for administrators.
pub async fn find_window(db: impl PgExecutor<'_>, ahead: Duration, instance_id: Uuid) -> Result<Option<Window>> {
    let row = sqlx::query!(
        r#"select m.node_id, m.state, m.starts_at, m.ends_at, coalesce(m.mode = 'rolling', m.rolling) as "rolling!", m.blocked_classes,
             m.admins_first and coalesce(m.mode = 'full', false) and (m.state = 'verifying' or (m.state = 'in_progress' and not exists (
               select from maintenance_stops s
                where s.maintenance_id = m.node_id and s.instance_id = $3 and s.turn is not null))) as "admins_only!",
             (select max(s.drain_until) from maintenance_stops s join instances i on i.id = s.instance_id
               where s.maintenance_id = m.node_id and s.stopped_at is null
                 and i.seen_at > clock_timestamp() - $2::interval) as drain_until
           from maintenances m
          where m.affects_instance
            and (m.state in ('in_progress', 'verifying')
                 or (m.state = 'scheduled' and m.starts_at < clock_timestamp() + $1::interval))
          order by array_position(array['in_progress', 'verifying', 'scheduled'], m.state), m.starts_at limit 1"#,
        interval(ahead),
        lapse(),
        instance_id
    )
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        Ok(Window {
            maintenance_id: r.node_id,
            state: parse_state(&r.state)?,
            starts_at: r.starts_at,
            ends_at: r.ends_at,
            drain_until: r.drain_until,
            rolling: r.rolling,
            admins_only: r.admins_only,
            blocked_classes: r.blocked_classes.iter().filter_map(|name| JobClass::parse(name)).collect(),
        })
    })
    .transpose()
}

/// At its start: how Synops goes down, who has to stop, and which jobs wait. The caller has locked the
/// maintenance.
pub(super) async fn list_who_stops(db: &mut PgConnection, id: Uuid, settings: &Settings) -> Result<()> {
    let now = crate::database::now(&mut *db).await?;
    // Those that will have a turn: one that is not ready yet will be, or holds the others up.
    let stays = |state: InstanceState| state == InstanceState::Starting || state.is_ready();
    let instances = list_instances(&mut *db).await?.into_iter().filter(|i| stays(i.state));
    let instances: Vec<_> = instances.map(|i| (i.seen_at, i.roles)).collect();
    let (mode, _) = stop_mode(settings.rolling, &instances, now);
    sqlx::query!("update maintenances set mode = $2 where node_id = $1", id, mode.as_str()).execute(&mut *db).await?;
    // Who started after the begin has nothing old about it; who is on its way out needs no word.
    sqlx::query!(
        "insert into maintenance_stops (maintenance_id, instance_id, name, version, roles, turn)
         select m.node_id, i.id, i.name, i.version, i.roles,
           case when $2 then row_number() over (order by i.started_at, i.id) - 1 else 0 end
           from maintenances m cross join instances i
          where m.node_id = $1 and i.started_at < m.starts_at and i.state in ('starting', 'ready', 'announced')
            and i.seen_at > clock_timestamp() - $3::interval
         on conflict (maintenance_id, instance_id) do update set turn = excluded.turn",
        id,
        mode == StopMode::Rolling,
        lapse()
    )
    .execute(&mut *db)
    .await?;
    let classes: Vec<&str> = settings.blocked_classes.iter().map(|class| class.as_str()).collect();
    sqlx::query!(
        "with locked as materialized (select name from job_classes where name = any($2::text[]) order by name for update)
         update job_classes c set blocked_by = $1 from locked where c.name = locked.name",
        id,
        &classes as &[&str]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets the classes of jobs go on that waited for it.
pub(super) async fn unblock(db: &mut PgConnection, id: Uuid) -> Result<()> {
    // By name, as claims lock them.
    sqlx::query!(
        "with locked as materialized (select name from job_classes where blocked_by = $1 order by name for update)
         update job_classes c set blocked_by = null from locked where c.name = locked.name",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The servers in it, those that stop first by their turn.
pub async fn list_stops(db: impl PgExecutor<'_>, id: Uuid) -> Result<Vec<StopRow>> {
    sqlx::query_as!(
        StopRow,
        r#"select s.instance_id, s.name, s.version, s.roles, s.turn, s.announced_at, s.closed_at, s.draining_at, s.drain_until,
             s.stopped_at, s.late,
             exists (select from instances i where i.id = s.instance_id and i.seen_at > clock_timestamp() - $2::interval) as "is_present!"
           from maintenance_stops s where s.maintenance_id = $1 order by s.turn nulls last, s.name, s.instance_id limit 1000"#,
        id,
        lapse()
    )
    .fetch_all(db)
    .await
}

pub async fn count_stops(db: impl PgExecutor<'_>, id: Uuid) -> Result<Stops> {
    sqlx::query_as!(
        Stops,
        r#"select count(*) as "listed!", count(*) filter (where gone) as "gone!",
             count(*) filter (where closed_at is not null and not gone) as "under_way!",
             not exists (select from edges e where e.source_id = $1 and e.kind = 'affects'
               and e.target_id not in (select n.id from nodes n where n.kind = 'instance')) as "is_alone!"
           from (select s.closed_at, s.stopped_at is not null or not exists (
                   select from instances i where i.id = s.instance_id and i.seen_at > clock_timestamp() - $2::interval) as gone
                   from maintenance_stops s where s.maintenance_id = $1 and s.turn is not null) s"#,
        id,
        lapse()
    )
    .fetch_one(db)
    .await
}

/// A server, as it is written down with a step.
#[derive(Clone, Copy, Debug)]
pub struct TurnAsked<'a> {
    pub maintenance_id: Uuid,
    pub instance_id: Uuid,
    pub name: &'a str,
    pub version: &'a str,
    pub roles: &'a [String],
}

/// The server has told everybody. False: it had before.
pub async fn announce_stop(db: impl PgExecutor<'_>, who: TurnAsked<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into maintenance_stops as s (maintenance_id, instance_id, name, version, roles, announced_at)
         values ($1, $2, $3, $4, $5, clock_timestamp())
         on conflict (maintenance_id, instance_id) do update set announced_at = clock_timestamp() where s.announced_at is null",
        who.maintenance_id,
        who.instance_id,
        who.name,
        who.version,
        who.roles
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether this server still has to take its turn.
pub async fn has_turn(db: impl PgExecutor<'_>, id: Uuid, instance_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from maintenance_stops
            where maintenance_id = $1 and instance_id = $2 and turn is not null and closed_at is null) as "waits!""#,
        id,
        instance_id
    )
    .fetch_one(db)
    .await
}

/// Takes the server's turn, if it has come and was not taken: in a full stop at once, in a rolling one
/// when nobody before it is left and other servers have been ready for each of its roles for `ready_pause`:
/// so long a balancer takes to notice. The caller has locked the maintenance, so that of two one takes it.
pub async fn take_turn(db: impl PgExecutor<'_>, id: Uuid, instance_id: Uuid, ready_pause: Duration) -> Result<bool> {
    let done = sqlx::query!(
        "with here as (select id, roles, ready_at from instances where seen_at > clock_timestamp() - $3::interval)
         update maintenance_stops s set closed_at = clock_timestamp()
           from maintenances m
          where m.node_id = $1 and m.state = 'in_progress' and m.affects_instance
            and s.maintenance_id = $1 and s.instance_id = $2 and s.turn is not null and s.closed_at is null
            and (m.mode = 'full' or (
              not exists (
                select from maintenance_stops o join here on here.id = o.instance_id
                 where o.maintenance_id = $1 and o.instance_id <> $2 and o.stopped_at is null and (o.turn < s.turn or o.closed_at is not null))
              and not exists (
                select from unnest(s.roles) role where not exists (
                  select from here
                   where here.id <> $2 and role = any(here.roles) and here.ready_at <= clock_timestamp() - $4::interval
                     and not exists (
                       select from maintenance_stops o
                        where o.maintenance_id = $1 and o.instance_id = here.id and o.closed_at is not null)))))",
        id,
        instance_id,
        lapse(),
        interval(ready_pause)
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The server's jobs have from now on as long as the maintenance says; answers until when. `None`: it drains
/// already, or the maintenance is over.
pub async fn begin_draining(db: impl PgExecutor<'_>, id: Uuid, instance_id: Uuid) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"update maintenance_stops s
              set draining_at = clock_timestamp(), drain_until = clock_timestamp() + make_interval(secs => m.drain_bound_s)
             from maintenances m
            where m.node_id = $1 and m.state = 'in_progress' and s.maintenance_id = $1 and s.instance_id = $2
              and s.closed_at is not null and s.draining_at is null
           returning s.drain_until as "drain_until!""#,
        id,
        instance_id
    )
    .fetch_optional(db)
    .await
}

/// Everything the server had under way is done or handed back, but for what is `late`.
pub async fn finish_stop(db: impl PgExecutor<'_>, id: Uuid, instance_id: Uuid, late: &[String]) -> Result<bool> {
    let done = sqlx::query!(
        "update maintenance_stops set stopped_at = clock_timestamp(), late = $3
          where maintenance_id = $1 and instance_id = $2 and draining_at is not null and stopped_at is null",
        id,
        instance_id,
        late
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// With a later end of a maintenance that is under way goes the time that jobs have to finish: of servers that
/// drain, and of those whose turn is to come. With an earlier one nothing is taken back but what lies beyond it.
pub async fn extend_stops(db: &mut PgConnection, id: Uuid, by_s: f64) -> Result<()> {
    sqlx::query!(
        "update maintenance_stops s
            set drain_until = case when $2::float8 > 0 then s.drain_until + make_interval(secs => $2::float8)
                                   else least(s.drain_until, greatest(m.ends_at, clock_timestamp())) end
           from maintenances m
          where m.node_id = $1 and s.maintenance_id = $1 and s.draining_at is not null and s.stopped_at is null",
        id,
        by_s
    )
    .execute(&mut *db)
    .await?;
    if by_s > 0.0 {
        sqlx::query!(
            "update maintenances set drain_bound_s = least(drain_bound_s + round($2::float8)::integer, 3600) where node_id = $1",
            id,
            by_s
        )
        .execute(db)
        .await?;
    }
    Ok(())
}
