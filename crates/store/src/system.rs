//! Systems: their facet, their lists by state and place, and why they are as they are.

use crate::node::escape_like;
use domain::system::SystemPatch;
use domain::view::{SystemOrder, ViewFilter};
use serde::Serialize;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The facet of a new node.
pub async fn insert_system(db: &mut PgConnection, id: Uuid, patch: &SystemPatch) -> Result<()> {
    sqlx::query!("insert into systems (node_id) values ($1)", id).execute(&mut *db).await?;
    update_system(db, id, patch).await
}

/// Sets what is given.
pub async fn update_system(db: &mut PgConnection, id: Uuid, patch: &SystemPatch) -> Result<()> {
    let check_set = patch.check.is_some();
    let check = patch.check.as_ref().and_then(Option::as_ref).map(Json);
    sqlx::query!(
        "update systems set check_spec = case when $2 then $3 else check_spec end, enabled = coalesce($4, enabled),
           interval_s = coalesce($5, interval_s), timeout_ms = coalesce($6, timeout_ms),
           failures_to_down = coalesce($7, failures_to_down), links = coalesce($8, links),
           incident_after_s = case when $9 then $10 else incident_after_s end,
           incident_auto_resolve = coalesce($11, incident_auto_resolve)
         where node_id = $1",
        id,
        check_set,
        check as _,
        patch.enabled,
        patch.interval_s,
        patch.timeout_ms,
        patch.failures_to_down,
        patch.links.as_ref().map(Json) as _,
        patch.incident_after_s.is_some(),
        patch.incident_after_s.flatten(),
        patch.incident_auto_resolve
    )
    .execute(&mut *db)
    .await?;
    // A password belongs to the check it was given with: another check begins without one, so that
    // nobody can point a kept password at a host of their own.
    if check_set {
        sqlx::query!("delete from check_secrets where system_id = $1", id).execute(&mut *db).await?;
    }
    if let Some(password) = patch.password.as_ref().filter(|p| !p.is_empty()) {
        sqlx::query!(
            "insert into check_secrets (system_id, password) values ($1, $2)
             on conflict (system_id) do update set password = excluded.password",
            id,
            password
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Which systems to list, and in which order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SystemFilter {
    /// Directly part of this node.
    pub parent_id: Option<Uuid>,
    pub scope_id: Option<Uuid>,
    pub selection: ViewFilter,
}

/// A place in such a list: what it is ordered by, then the title (lower case), then the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPlace {
    pub rank: i64,
    pub title: String,
    pub id: Uuid,
}

/// Systems of these scopes, in order: their places. A group or environment counts only where it is in these
/// scopes, too.
pub async fn list_systems(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &SystemFilter,
    after: Option<&SystemPlace>,
    limit: i64,
) -> Result<Vec<SystemPlace>> {
    let SystemFilter { parent_id, scope_id, selection } = filter;
    let states: Vec<String> = selection.states.iter().map(|state| state.as_str().to_owned()).collect();
    let by_conditions = selection.has_conditions() || selection.system_ids.is_empty();
    let pattern = selection.text.as_ref().filter(|text| !text.is_empty());
    let pattern = pattern.map(|text| format!("%{}%", escape_like(&text.to_lowercase())));
    sqlx::query_as!(
        SystemPlace,
        r#"with recursive readable as materialized (select unnest($1::uuid[]) as scope_id),
           within(id) as (
             select g.id from nodes g where g.id = any($5) and g.kind = 'group' and g.scope_id in (select scope_id from readable)
             union
             select e.source_id from within w join edges e on e.target_id = w.id and e.kind = 'part_of'),
           found as (
             select n.id, lower(n.title) as title,
               case $7
                 when 'worst_first' then array_position(array['down', 'degraded', 'unknown', 'up'], s.effective_state)
                 when 'newest_first' then -(extract(epoch from s.effective_since) * 1000000)::bigint
                 else 0 end as rank
               from nodes n join systems s on s.node_id = n.id
              where n.scope_id in (select scope_id from readable)
                and ($2::uuid is null or exists (
                  select from edges p where p.source_id = n.id and p.kind = 'part_of' and p.target_id = $2))
                and ($3::uuid is null or n.scope_id = $3)
                and (n.id = any($13)
                  or $14
                    and (cardinality($4::text[]) = 0 or s.effective_state = any($4))
                    and (cardinality($5::uuid[]) = 0 or n.id in (select id from within))
                    and (cardinality($6::uuid[]) = 0 or exists (
                      select from edges e
                       where e.source_id = n.id and e.kind = 'runs_in' and e.target_id = any($6)
                         and e.target_scope_id in (select scope_id from readable)))
                    and ($8::text is null or lower(n.title) like $8)))
           select f.id as "id!", f.title as "title!", f.rank as "rank!" from found f
            where $9::bigint is null or (f.rank, f.title, f.id) > ($9, $10::text, $11::uuid)
            order by f.rank, f.title, f.id limit $12"#,
        scope_ids,
        *parent_id,
        *scope_id,
        &states,
        &selection.group_ids,
        &selection.environment_ids,
        selection.order.map_or(SystemOrder::Title.as_str(), SystemOrder::as_str),
        pattern,
        after.map(|a| a.rank),
        after.map(|a| a.title.as_str()),
        after.map(|a| a.id),
        limit,
        &selection.system_ids,
        by_conditions
    )
    .fetch_all(db)
    .await
}

/// These systems, each with itself and with every group that it is part of: pairs of system and place.
pub async fn list_groups_around(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"with recursive around(system_id, id) as (
             select n.id, n.id from nodes n where n.id = any($1) and n.kind = 'system'
             union
             select a.system_id, n.id from around a
               join edges e on e.source_id = a.id and e.kind = 'part_of' join nodes n on n.id = e.target_id and n.kind = 'group')
           select system_id as "system_id!", id as "id!" from around"#,
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.system_id, row.id)).collect())
}
