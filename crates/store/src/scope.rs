//! Scope roots.

use domain::access::Visibility;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Makes a node a scope root, or changes the settings it has. The caller holds `lock_graph`.
pub async fn upsert_scope(
    db: impl PgExecutor<'_>,
    node_id: Uuid,
    visibility: Option<Visibility>,
    isolated: Option<bool>,
) -> Result<()> {
    sqlx::query!(
        "insert into scopes as s (node_id, visibility, isolated) values ($1, coalesce($2, 'members'), coalesce($3, false))
         on conflict (node_id) do update set visibility = coalesce($2, s.visibility), isolated = coalesce($3, s.isolated)",
        node_id,
        visibility.map(Visibility::as_str),
        isolated
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The scope roots inside a node, each with whether it stands for itself in a place, or is what something else there
/// has. (There is nothing below a channel that could be one, and much that could not.)
pub async fn list_scopes_inside(db: impl PgExecutor<'_>, node_id: Uuid) -> Result<Vec<(Uuid, bool)>> {
    let rows = sqlx::query!(
        r#"with recursive inside as (
             select e.source_id as id, e.target_id as parent_id from edges e where e.target_id = $1 and e.kind = 'part_of'
             union all
             select e.source_id, e.target_id
               from inside i join nodes n on n.id = i.id and n.kind <> 'channel'
               join edges e on e.target_id = i.id and e.kind = 'part_of')
           select i.id as "id!", p.kind in ('workspace', 'group') as "in_a_place!"
             from inside i join scopes s on s.node_id = i.id join nodes p on p.id = i.parent_id"#,
        node_id
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.in_a_place)).collect())
}

/// The visibility of every scope, for the index that sockets are judged by.
pub async fn list_visibilities(db: impl PgExecutor<'_>) -> Result<Vec<(Uuid, Visibility)>> {
    let rows = sqlx::query!("select node_id, visibility from scopes").fetch_all(db).await?;
    rows.into_iter().map(|r| parse(r.node_id, &r.visibility)).collect()
}

/// The visibility of these scopes; those that are gone are absent.
pub async fn list_visibilities_of(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Visibility)>> {
    let rows = sqlx::query!("select node_id, visibility from scopes where node_id = any($1)", ids).fetch_all(db).await?;
    rows.into_iter().map(|r| parse(r.node_id, &r.visibility)).collect()
}

fn parse(id: Uuid, text: &str) -> Result<(Uuid, Visibility)> {
    Visibility::parse(text).map(|v| (id, v)).ok_or_else(|| crate::node::unknown("visibility", text))
}
