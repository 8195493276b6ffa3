//! What each device was found to be by what it sent: one row a device, written in the transaction that writes its
//! positions, and guarded by a version against two who would write it at once.

use crate::position::Position;
use domain::telemetry::DeviceState;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub device_id: Uuid,
    /// Raised by each change; 0: it is not written yet.
    pub version: i64,
    pub received_at: DateTime<Utc>,
    /// The latest position that can be true.
    pub latest: Option<Latest>,
    /// What the next position goes on from.
    pub state: DeviceState,
    /// From then on its story is to be told anew.
    pub retell_from: Option<DateTime<Utc>>,
    /// Until when the last state was told that is kept to tell anew from.
    pub checkpoint_at: Option<DateTime<Utc>>,
}

/// A position as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    pub at: DateTime<Utc>,
    pub latitude: f64,
    pub longitude: f64,
    pub altitude_m: i16,
    pub heading_deg: i16,
    pub speed_kmh: i16,
    pub satellites: i16,
    pub io: Map<String, Value>,
}

impl From<&Position> for Latest {
    fn from(position: &Position) -> Self {
        let Position { at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, .. } = *position;
        Self { at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, io: position.io.clone() }
    }
}

struct StandingRow {
    device_id: Uuid,
    version: i64,
    received_at: DateTime<Utc>,
    last_at: Option<DateTime<Utc>>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude_m: Option<i16>,
    heading_deg: Option<i16>,
    speed_kmh: Option<i16>,
    satellites: Option<i16>,
    io: Json<Map<String, Value>>,
    fold: Json<DeviceState>,
    retell_from: Option<DateTime<Utc>>,
    checkpoint_at: Option<DateTime<Utc>>,
}

impl From<StandingRow> for Standing {
    fn from(row: StandingRow) -> Self {
        let io = row.io.0;
        let latest = || {
            Some(Latest {
                at: row.last_at?,
                latitude: row.latitude?,
                longitude: row.longitude?,
                altitude_m: row.altitude_m?,
                heading_deg: row.heading_deg?,
                speed_kmh: row.speed_kmh?,
                satellites: row.satellites?,
                io,
            })
        };
        Self {
            device_id: row.device_id,
            version: row.version,
            received_at: row.received_at,
            latest: latest(),
            state: row.fold.0,
            retell_from: row.retell_from,
            checkpoint_at: row.checkpoint_at,
        }
    }
}

macro_rules! standings {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(StandingRow,
            r#"select device_id, version, received_at, last_at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites,
                 io as "io!: Json<Map<String, Value>>", fold as "fold!: Json<DeviceState>", retell_from, checkpoint_at
               from device_states "# + $rest
            $(, $arg)*)
    };
}

/// Of those of these devices that were heard of.
pub async fn list_standings(db: impl PgExecutor<'_>, device_ids: &[Uuid]) -> Result<Vec<Standing>> {
    let rows = standings!("where device_id = any($1)", device_ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(Standing::from).collect())
}

/// One of them, held against whoever would change it until the transaction ends.
pub async fn lock_standing(db: impl PgExecutor<'_>, device_id: Uuid) -> Result<Option<Standing>> {
    Ok(standings!("where device_id = $1 for update", device_id).fetch_optional(db).await?.map(Standing::from))
}

/// Sets what these devices are now, each if it is still what it was found to be (`version`). Answers whether all
/// were: else somebody else has written one of them, and nothing of this transaction may be committed.
pub async fn update_standings(db: &mut PgConnection, found: &[Standing]) -> Result<bool> {
    macro_rules! latest {
        ($field:ident) => {
            &found.iter().map(|one| one.latest.as_ref().map(|latest| latest.$field)).collect::<Vec<_>>()
        };
    }
    let nothing = Map::new();
    let io: Vec<Json<&Map<String, Value>>> =
        found.iter().map(|one| Json(one.latest.as_ref().map_or(&nothing, |latest| &latest.io))).collect();
    let done = sqlx::query!(
        "with found as (
           select * from unnest($1::uuid[], $2::int8[], $3::timestamptz[], $4::timestamptz[], $5::float8[], $6::float8[], $7::int2[],
             $8::int2[], $9::int2[], $10::int2[], $11::jsonb[], $12::jsonb[], $13::timestamptz[], $14::timestamptz[])
             as f(device_id, version, received_at, at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, io, fold,
               retell_from, checkpoint_at)),
         changed as (
           update device_states s set version = s.version + 1, received_at = f.received_at, last_at = f.at, latitude = f.latitude,
             longitude = f.longitude, altitude_m = f.altitude_m, heading_deg = f.heading_deg, speed_kmh = f.speed_kmh,
             satellites = f.satellites, io = f.io, fold = f.fold, retell_from = f.retell_from,
             checkpoint_at = f.checkpoint_at
             from found f where s.device_id = f.device_id and s.version = f.version and f.version > 0
           returning s.device_id),
         made as (
           insert into device_states (device_id, received_at, last_at, latitude, longitude, altitude_m, heading_deg, speed_kmh,
             satellites, io, fold, retell_from, checkpoint_at)
           select device_id, received_at, at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, io, fold, retell_from,
             checkpoint_at
             from found where version = 0
           on conflict do nothing returning device_id)
         select device_id from changed union all select device_id from made",
        &found.iter().map(|one| one.device_id).collect::<Vec<_>>(),
        &found.iter().map(|one| one.version).collect::<Vec<_>>(),
        &found.iter().map(|one| one.received_at).collect::<Vec<_>>(),
        latest!(at) as _,
        latest!(latitude) as _,
        latest!(longitude) as _,
        latest!(altitude_m) as _,
        latest!(heading_deg) as _,
        latest!(speed_kmh) as _,
        latest!(satellites) as _,
        &io as _,
        &found.iter().map(|one| Json(&one.state)).collect::<Vec<_>>() as _,
        &found.iter().map(|one| one.retell_from).collect::<Vec<_>>() as _,
        &found.iter().map(|one| one.checkpoint_at).collect::<Vec<_>>() as _,
    )
    .fetch_all(db)
    .await?;
    Ok(done.len() == found.len())
}

/// Has a device's story told anew from this time on. False: it was never heard of.
pub async fn ask_to_retell(db: impl PgExecutor<'_>, device_id: Uuid, from: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update device_states set retell_from = least(retell_from, $2), version = version + 1 where device_id = $1",
        device_id,
        from
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Devices whose story is to be told anew.
pub async fn list_to_retell(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select device_id from device_states where retell_from is not null order by received_at limit $1", limit)
        .fetch_all(db)
        .await
}

/// Devices of which one notification tells: their ids in hex, within its 8,000 bytes.
const MOVED_AT_ONCE: usize = 240;

/// Tells whoever shows a map that these devices are elsewhere now: a hint, apart from the writer's transaction. Who
/// misses one finds the same by looking.
pub async fn tell_moved(db: impl PgExecutor<'_>, device_ids: &[Uuid]) -> Result<()> {
    let told: Vec<String> =
        device_ids.chunks(MOVED_AT_ONCE).map(|ids| ids.iter().map(|id| id.simple().to_string()).collect()).collect();
    if told.is_empty() {
        return Ok(());
    }
    let channel = crate::feed::Channel::Positions.as_str();
    sqlx::query!("select pg_notify($1, told) from unnest($2::text[]) as told", channel, &told).fetch_all(db).await.map(drop)
}

/// The latest state that was kept from before a time.
pub async fn find_checkpoint(db: impl PgExecutor<'_>, device_id: Uuid, before: DateTime<Utc>) -> Result<Option<DeviceState>> {
    let fold = sqlx::query_scalar!(
        r#"select fold as "fold!: Json<DeviceState>" from device_checkpoints
            where device_id = $1 and told_at < $2 order by told_at desc, told_digest desc limit 1"#,
        device_id,
        before
    )
    .fetch_optional(db)
    .await?;
    Ok(fold.map(|fold| fold.0))
}

/// Keeps states to tell anew from.
pub async fn insert_checkpoints(db: impl PgExecutor<'_>, kept: &[(Uuid, &DeviceState)]) -> Result<()> {
    let told: Vec<(Uuid, DateTime<Utc>, i64, Json<&DeviceState>)> =
        kept.iter().filter_map(|(id, state)| state.told.map(|(at, digest)| (*id, at, digest, Json(*state)))).collect();
    if told.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into device_checkpoints (device_id, told_at, told_digest, fold)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::int8[], $4::jsonb[])
         on conflict (device_id, told_at, told_digest) do update set fold = excluded.fold",
        &told.iter().map(|one| one.0).collect::<Vec<_>>(),
        &told.iter().map(|one| one.1).collect::<Vec<_>>(),
        &told.iter().map(|one| one.2).collect::<Vec<_>>(),
        &told.iter().map(|one| &one.3).collect::<Vec<_>>() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was kept of a device from this time on: it is told otherwise now.
pub async fn delete_checkpoints(db: impl PgExecutor<'_>, device_id: Uuid, from: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from device_checkpoints where device_id = $1 and told_at >= $2", device_id, from).execute(db).await?;
    Ok(())
}

/// Kept states from before the positions that are kept, but for each device's last of them: from that all that are
/// left can be told anew.
pub async fn delete_old_checkpoints(db: impl PgExecutor<'_>, kept: std::time::Duration, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from device_checkpoints where (device_id, told_at, told_digest) in (
           select c.device_id, c.told_at, c.told_digest from device_checkpoints c
            where c.told_at < clock_timestamp() - make_interval(secs => $1)
              and exists (select from device_checkpoints later
                           where later.device_id = c.device_id and later.told_at > c.told_at
                             and later.told_at < clock_timestamp() - make_interval(secs => $1))
            limit $2)",
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Where a device is, and who may know it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whereabouts {
    pub device_id: Uuid,
    pub scope_id: Uuid,
    pub at: DateTime<Utc>,
    pub longitude: f64,
    pub latitude: f64,
    pub speed_kmh: i16,
    pub heading_deg: i16,
}

/// Where these devices are, or all: those that were somewhere.
pub async fn list_whereabouts(db: impl PgExecutor<'_>, device_ids: Option<&[Uuid]>) -> Result<Vec<Whereabouts>> {
    sqlx::query_as!(
        Whereabouts,
        r#"select s.device_id, n.scope_id, s.last_at as "at!", s.longitude as "longitude!", s.latitude as "latitude!",
             s.speed_kmh as "speed_kmh!", s.heading_deg as "heading_deg!"
             from device_states s join nodes n on n.id = s.device_id
            where s.last_at is not null and ($1::uuid[] is null or s.device_id = any($1))"#,
        device_ids
    )
    .fetch_all(db)
    .await
}

/// Where the devices in these scopes are that are within a window (west, south, east, north; it may go on beyond 180°),
/// by id.
pub async fn list_in_window(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    [west, south, east, north]: [f64; 4],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Whereabouts>> {
    sqlx::query_as!(
        Whereabouts,
        r#"select s.device_id, n.scope_id, s.last_at as "at!", s.longitude as "longitude!", s.latitude as "latitude!",
             s.speed_kmh as "speed_kmh!", s.heading_deg as "heading_deg!"
             from device_states s join nodes n on n.id = s.device_id
            where s.last_at is not null and n.scope_id = any($1)
              and s.latitude between $2 and $3
              and (s.longitude between $4 and $5 or s.longitude + 360 between $4 and $5 or s.longitude - 360 between $4 and $5)
              and ($6::uuid is null or s.device_id > $6)
            order by s.device_id limit $7"#,
        scope_ids,
        south,
        north,
        west,
        east,
        after,
        limit
    )
    .fetch_all(db)
    .await
}
