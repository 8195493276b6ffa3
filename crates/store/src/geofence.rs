//! Geofences. (Their nodes are read in `node.rs`, like all others.)

use domain::geofence::{Geofence, GeofencePatch};
use domain::telemetry::{Fence, Shape};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `geofences` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct GeofenceRow {
    shape: Shape,
    dwell_s: Option<i32>,
}

impl From<GeofenceRow> for Geofence {
    fn from(row: GeofenceRow) -> Self {
        let GeofenceRow { shape, dwell_s } = row;
        Self { shape, dwell_s }
    }
}

/// The facet of a new node.
pub async fn insert_geofence(db: impl PgExecutor<'_>, id: Uuid, shape: &Shape, dwell_s: Option<i32>) -> Result<()> {
    sqlx::query!("insert into geofences (node_id, shape, dwell_s) values ($1, $2, $3)", id, Json(shape) as _, dwell_s)
        .execute(db)
        .await?;
    Ok(())
}

/// Sets what is given.
pub async fn update_geofence(db: impl PgExecutor<'_>, id: Uuid, patch: &GeofencePatch) -> Result<()> {
    if *patch == GeofencePatch::default() {
        return Ok(());
    }
    sqlx::query!(
        "update geofences set shape = coalesce($2, shape), dwell_s = case when $3 then $4 else dwell_s end where node_id = $1",
        id,
        patch.shape.as_ref().map(Json) as _,
        patch.dwell_s.is_some(),
        patch.dwell_s.flatten()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which geofences to list; `None` takes all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GeofenceFilter {
    /// Directly part of this workspace or group.
    pub parent_id: Option<Uuid>,
    /// A part of the title, in any case.
    pub text: Option<String>,
}

/// Geofences in these scopes, by title (in any case), then id.
pub async fn list_geofences(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &GeofenceFilter,
    after: Option<(&str, Uuid)>,
    limit: i64,
) -> Result<Vec<(String, Uuid)>> {
    let pattern = filter.text.as_ref().map(|text| crate::node::escape_like(text));
    let (after_title, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select lower(n.title) as "title!", n.id as "id!"
             from nodes n
             join edges p on p.source_id = n.id and p.kind = 'part_of'
            where n.kind = 'geofence' and n.scope_id = any($1)
              and ($2::uuid is null or p.target_id = $2)
              and ($3::text is null or lower(n.title) like '%' || lower($3) || '%')
              and ($4::text is null or (lower(n.title), n.id) > ($4, $5::uuid))
            order by lower(n.title), n.id limit $6"#,
        scope_ids,
        filter.parent_id,
        pattern,
        after_title,
        after_id,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.title, row.id)).collect())
}

/// Another number after each change of a shape.
pub async fn find_revision(db: impl PgExecutor<'_>) -> Result<i64> {
    sqlx::query_scalar!("select revision from geofence_revision").fetch_one(db).await
}

/// Every shape that is kept, those that were among them.
pub async fn list_shapes(db: impl PgExecutor<'_>) -> Result<Vec<Fence>> {
    let rows = sqlx::query!(
        r#"select geofence_id, valid_from, valid_until, shape as "shape!: Json<Shape>", dwell_s from geofence_shapes"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Fence {
            id: row.geofence_id,
            shape: row.shape.0,
            dwell_s: row.dwell_s,
            from: row.valid_from,
            until: row.valid_until,
        })
        .collect())
}

/// Shapes that ended so long ago that no position is kept of their time.
pub async fn delete_old_shapes(db: impl PgExecutor<'_>, kept: Duration, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from geofence_shapes where (geofence_id, valid_from) in (
           select geofence_id, valid_from from geofence_shapes
            where valid_until < clock_timestamp() - make_interval(secs => $1) limit $2)",
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
