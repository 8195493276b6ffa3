//! Devices. (Their nodes are read in `node.rs`, like all others; where they were in `position.rs`.)

use domain::device::{Device, DevicePatch};
use domain::telemetry::Motion;
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `devices` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct DeviceRow {
    imei: String,
    model: String,
    online: bool,
    online_since: Option<DateTime<Utc>>,
    motion: Motion,
    motion_since: Option<DateTime<Utc>>,
}

impl From<DeviceRow> for Device {
    fn from(row: DeviceRow) -> Self {
        let DeviceRow { imei, model, online, online_since, motion, motion_since } = row;
        Self { imei, model, online, online_since, motion, motion_since }
    }
}

/// The facet of a new node.
pub async fn insert_device(db: impl PgExecutor<'_>, id: Uuid, imei: &str, model: &str) -> Result<()> {
    sqlx::query!("insert into devices (node_id, imei, model) values ($1, $2, $3)", id, imei, model).execute(db).await?;
    Ok(())
}

/// Sets what is given.
pub async fn update_device(db: impl PgExecutor<'_>, id: Uuid, patch: &DevicePatch) -> Result<()> {
    if *patch == DevicePatch::default() {
        return Ok(());
    }
    sqlx::query!(
        "update devices set imei = coalesce($2, imei), model = coalesce($3, model) where node_id = $1",
        id,
        patch.imei,
        patch.model
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The device that introduces itself so.
pub async fn find_device_by_imei(db: impl PgExecutor<'_>, imei: &str) -> Result<Option<Uuid>> {
    sqlx::query_scalar!("select node_id from devices where imei = $1", imei).fetch_optional(db).await
}

/// Which devices to list; `None` takes all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeviceFilter {
    pub online: Option<bool>,
    pub motion: Option<Motion>,
    /// Directly part of this workspace or group.
    pub parent_id: Option<Uuid>,
    /// A part of the title, in any case, or the beginning of the IMEI.
    pub text: Option<String>,
}

/// Devices in these scopes, by title (in any case), then id.
pub async fn list_devices(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &DeviceFilter,
    after: Option<(&str, Uuid)>,
    limit: i64,
) -> Result<Vec<(String, Uuid)>> {
    let pattern = filter.text.as_ref().map(|text| crate::node::escape_like(text));
    let (after_title, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select lower(n.title) as "title!", n.id as "id!"
             from nodes n
             join devices d on d.node_id = n.id
             join edges p on p.source_id = n.id and p.kind = 'part_of'
            where n.kind = 'device' and n.scope_id = any($1)
              and ($2::boolean is null or d.online = $2)
              and ($3::uuid is null or p.target_id = $3)
              and ($4::text is null or lower(n.title) like '%' || lower($4) || '%' or d.imei like $4 || '%')
              and ($5::text is null or (lower(n.title), n.id) > ($5, $6::uuid))
              and ($8::text is null or d.motion = $8)
            order by lower(n.title), n.id limit $7"#,
        scope_ids,
        filter.online,
        filter.parent_id,
        pattern,
        after_title,
        after_id,
        limit,
        filter.motion.map(Motion::as_str)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.title, row.id)).collect())
}

/// Those of these devices that are there, held until the transaction ends; by id.
pub async fn hold_devices(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from nodes where id = any($1) and kind = 'device' order by id for key share", ids)
        .fetch_all(db)
        .await
}

/// These are heard of; answers how many were not before. (Locked by id first: two who hear of the same do not wait
/// for each other.)
pub async fn set_online(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<u64> {
    let done = sqlx::query!(
        "with quiet as (
           select node_id from devices where node_id = any($1) and not online order by node_id for update)
         update devices d set online = true, online_since = clock_timestamp()
           from quiet q where d.node_id = q.node_id and not d.online",
        ids
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Those that were not heard of for so long are not online any more; answers how many. (Their nodes are locked
/// before, as every writer of facets does it; who is being changed waits for the next time.)
pub async fn set_offline(db: impl PgExecutor<'_>, silent_for: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "with silent as (
           select d.node_id from devices d join nodes n on n.id = d.node_id
            where d.online and not exists (
              select from device_states s where s.device_id = d.node_id
                 and s.received_at > clock_timestamp() - make_interval(secs => $1))
            order by n.id for no key update of n skip locked limit 1000)
         update devices d set online = false, online_since = clock_timestamp()
           from silent s where d.node_id = s.node_id",
        silent_for.as_secs_f64()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// These move, or stand, since a time of their own clocks; given in the order of their ids.
pub async fn set_motions(db: impl PgExecutor<'_>, found: &[(Uuid, Motion, Option<DateTime<Utc>>)]) -> Result<()> {
    sqlx::query!(
        "update devices d set motion = f.motion, motion_since = f.since
           from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as f(device_id, motion, since)
          where d.node_id = f.device_id and (d.motion, d.motion_since) is distinct from (f.motion, f.since)",
        &found.iter().map(|(id, _, _)| *id).collect::<Vec<_>>(),
        &found.iter().map(|(_, motion, _)| motion.as_str().to_owned()).collect::<Vec<_>>(),
        &found.iter().map(|(_, _, since)| *since).collect::<Vec<_>>() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}
