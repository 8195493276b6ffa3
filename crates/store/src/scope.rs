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

/// Whether the node is a scope root.
pub async fn is_scope(db: impl PgExecutor<'_>, node_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from scopes where node_id = $1) as "exists!""#, node_id).fetch_one(db).await
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
