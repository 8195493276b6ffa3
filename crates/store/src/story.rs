//! What is made of a device's positions: when it was in which geofence, its trips and its stops.

use domain::telemetry::Visit;
use domain::telemetry::fold::{Stop, Trip};
use domain::telemetry::place::Place;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

fn column<'a, R: 'a, T>(rows: &'a [(Uuid, R)], field: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(|(_, row)| field(row)).collect()
}

fn devices<R>(rows: &[(Uuid, R)]) -> Vec<Uuid> {
    rows.iter().map(|(id, _)| *id).collect()
}

/// Writes these over what is there of the same device, geofence and beginning.
pub async fn upsert_visits(db: impl PgExecutor<'_>, rows: &[(Uuid, &Visit)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into timing_records as t (device_id, geofence_id, entered_at, left_at, dwelt)
         select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::bool[])
         on conflict (device_id, geofence_id, entered_at) do update set left_at = excluded.left_at, dwelt = excluded.dwelt
          where (t.left_at, t.dwelt) is distinct from (excluded.left_at, excluded.dwelt)",
        &devices(rows),
        &column(rows, |row| row.fence),
        &column(rows, |row| row.entered_at),
        &column(rows, |row| row.left_at) as _,
        &column(rows, |row| row.dwelt),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes these over what is there of the same device and beginning.
pub async fn upsert_trips(db: impl PgExecutor<'_>, rows: &[(Uuid, &Trip)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into trips as t (device_id, began_at, ended_at, from_longitude, from_latitude, to_longitude, to_latitude, distance_mm,
           max_speed_kmh)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::float8[], $6::float8[],
           $7::float8[], $8::int8[], $9::int2[])
         on conflict (device_id, began_at) do update set ended_at = excluded.ended_at, from_longitude = excluded.from_longitude,
           from_latitude = excluded.from_latitude, to_longitude = excluded.to_longitude, to_latitude = excluded.to_latitude,
           distance_mm = excluded.distance_mm, max_speed_kmh = excluded.max_speed_kmh
          where t.* is distinct from excluded.*",
        &devices(rows),
        &column(rows, |row| row.began_at),
        &column(rows, |row| row.ended_at) as _,
        &column(rows, |row| row.from.longitude),
        &column(rows, |row| row.from.latitude),
        &column(rows, |row| row.to.longitude),
        &column(rows, |row| row.to.latitude),
        &column(rows, |row| row.distance_mm),
        &column(rows, |row| row.max_speed_kmh),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes these over what is there of the same device and beginning.
pub async fn upsert_stops(db: impl PgExecutor<'_>, rows: &[(Uuid, &Stop)]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into stops as s (device_id, began_at, ended_at, longitude, latitude)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::float8[], $5::float8[])
         on conflict (device_id, began_at) do update set ended_at = excluded.ended_at, longitude = excluded.longitude,
           latitude = excluded.latitude
          where s.* is distinct from excluded.*",
        &devices(rows),
        &column(rows, |row| row.began_at),
        &column(rows, |row| row.ended_at) as _,
        &column(rows, |row| row.place.longitude),
        &column(rows, |row| row.place.latitude),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The geofence and the beginning of a device's visits from a time on, those that it is still in among them.
pub async fn list_visit_keys(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    from: DateTime<Utc>,
) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        "select geofence_id, entered_at from timing_records where device_id = $1 and entered_at >= $2",
        device_id,
        from
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.geofence_id, row.entered_at)).collect())
}

pub async fn delete_visits(db: impl PgExecutor<'_>, device_id: Uuid, keys: &[(Uuid, DateTime<Utc>)]) -> Result<()> {
    sqlx::query!(
        "delete from timing_records t using unnest($2::uuid[], $3::timestamptz[]) as k(geofence_id, entered_at)
          where t.device_id = $1 and t.geofence_id = k.geofence_id and t.entered_at = k.entered_at",
        device_id,
        &keys.iter().map(|key| key.0).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.1).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When a device's trips (first) and stops from a time on began.
pub async fn list_trips_and_stops(
    db: &mut sqlx::PgConnection,
    device_id: Uuid,
    from: DateTime<Utc>,
) -> Result<(Vec<DateTime<Utc>>, Vec<DateTime<Utc>>)> {
    let trips = sqlx::query_scalar!("select began_at from trips where device_id = $1 and began_at >= $2", device_id, from)
        .fetch_all(&mut *db)
        .await?;
    let stops = sqlx::query_scalar!("select began_at from stops where device_id = $1 and began_at >= $2", device_id, from)
        .fetch_all(&mut *db)
        .await?;
    Ok((trips, stops))
}

pub async fn delete_trips(db: impl PgExecutor<'_>, device_id: Uuid, began: &[DateTime<Utc>]) -> Result<()> {
    sqlx::query!("delete from trips where device_id = $1 and began_at = any($2)", device_id, began).execute(db).await?;
    Ok(())
}

pub async fn delete_stops(db: impl PgExecutor<'_>, device_id: Uuid, began: &[DateTime<Utc>]) -> Result<()> {
    sqlx::query!("delete from stops where device_id = $1 and began_at = any($2)", device_id, began).execute(db).await?;
    Ok(())
}

/// Makes these devices (given by their ids) be in these geofences and no others: by pairs of both. Geofences that are
/// gone meanwhile are left out, and held until the transaction ends.
pub async fn set_inside(db: &mut sqlx::PgConnection, device_ids: &[Uuid], inside: &[(Uuid, Uuid)]) -> Result<u64> {
    let (sources, targets): (Vec<Uuid>, Vec<Uuid>) = inside.iter().copied().unzip();
    let gone = sqlx::query!(
        "delete from edges e where e.kind = 'inside' and e.source_id = any($1)
           and not exists (select from unnest($2::uuid[], $3::uuid[]) as i(source_id, target_id)
                            where i.source_id = e.source_id and i.target_id = e.target_id)",
        device_ids,
        &sources,
        &targets
    )
    .execute(&mut *db)
    .await?;
    let came = sqlx::query!(
        "with there as materialized (
           select id from nodes where kind = 'geofence' and id = any($2) order by id for key share)
         insert into edges (id, kind, source_id, target_id)
         select gen_random_uuid(), 'inside', i.source_id, i.target_id
           from unnest($1::uuid[], $2::uuid[]) as i(source_id, target_id)
           join there on there.id = i.target_id
          where not exists (select from edges e where e.kind = 'inside' and e.source_id = i.source_id and e.target_id = i.target_id)",
        &sources,
        &targets
    )
    .execute(&mut *db)
    .await?;
    Ok(gone.rows_affected() + came.rows_affected())
}

/// A timing record, with the geofence's title where it may be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingRecord {
    pub geofence_id: Uuid,
    /// `None`: it is gone, or not for the reader.
    pub title: Option<String>,
    pub entered_at: DateTime<Utc>,
    pub left_at: Option<DateTime<Utc>>,
    pub dwelt: bool,
}

/// The latest first; `before` is the last of the page before. Titles are told of geofences in these scopes alone.
pub async fn list_timing_records(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    scope_ids: &[Uuid],
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<TimingRecord>> {
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        TimingRecord,
        r#"select t.geofence_id, n.title as "title?", t.entered_at, t.left_at, t.dwelt
             from timing_records t
             left join nodes n on n.id = t.geofence_id and n.scope_id = any($2)
            where t.device_id = $1 and ($3::timestamptz is null or (t.entered_at, t.geofence_id) < ($3, $4::uuid))
            order by t.entered_at desc, t.geofence_id desc limit $5"#,
        device_id,
        scope_ids,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// The latest first; `before` is the last of the page before.
pub async fn list_trips(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Trip>> {
    let rows = sqlx::query!(
        "select began_at, ended_at, from_longitude, from_latitude, to_longitude, to_latitude, distance_mm, max_speed_kmh
           from trips where device_id = $1 and ($2::timestamptz is null or began_at < $2) order by began_at desc limit $3",
        device_id,
        before,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Trip {
            began_at: row.began_at,
            ended_at: row.ended_at,
            from: Place::new(row.from_longitude, row.from_latitude),
            to: Place::new(row.to_longitude, row.to_latitude),
            distance_mm: row.distance_mm,
            max_speed_kmh: row.max_speed_kmh,
        })
        .collect())
}

/// The latest first; `before` is the last of the page before.
pub async fn list_stops(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    before: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<Stop>> {
    let rows = sqlx::query!(
        "select began_at, ended_at, longitude, latitude from stops
          where device_id = $1 and ($2::timestamptz is null or began_at < $2) order by began_at desc limit $3",
        device_id,
        before,
        limit
    )
    .fetch_all(db)
    .await?;
    let stop = |place: Place, began_at, ended_at| Stop { began_at, ended_at, place };
    Ok(rows.into_iter().map(|row| stop(Place::new(row.longitude, row.latitude), row.began_at, row.ended_at)).collect())
}
