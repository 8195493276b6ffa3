//! Edges.

use crate::node::unknown;
use domain::edge::{Edge, EdgeKind};
use serde_json::{Map, Value};
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

struct EdgeRow {
    id: Uuid,
    kind: String,
    source_id: Uuid,
    target_id: Uuid,
    attrs: Json<Map<String, Value>>,
    source_scope_id: Uuid,
    target_scope_id: Uuid,
    version: i64,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl EdgeRow {
    fn into_edge(self) -> Result<Edge> {
        Ok(Edge {
            id: self.id,
            kind: EdgeKind::parse(&self.kind).ok_or_else(|| unknown("edge kind", &self.kind))?,
            source_id: self.source_id,
            target_id: self.target_id,
            attrs: self.attrs.0,
            source_scope_id: self.source_scope_id,
            target_scope_id: self.target_scope_id,
            version: self.version,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! edges {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(EdgeRow,
            r#"select e.id, e.kind, e.source_id, e.target_id, e.attrs as "attrs: Json<Map<String, Value>>", e.source_scope_id,
                 e.target_scope_id, e.version, e.created_by, e.created_at, e.updated_at
               from edges e "# + $rest
            $(, $arg)*)
    };
}

fn into_edges(rows: Vec<EdgeRow>) -> Result<Vec<Edge>> {
    rows.into_iter().map(EdgeRow::into_edge).collect()
}

/// One edge, whoever asks.
pub async fn find_edge(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Edge>> {
    edges!("where e.id = $1", id).fetch_optional(db).await?.map(EdgeRow::into_edge).transpose()
}

/// One edge, locked against other writers until the transaction ends.
pub async fn lock_edge(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Edge>> {
    edges!("where e.id = $1 for update", id).fetch_optional(db).await?.map(EdgeRow::into_edge).transpose()
}

/// These edges, whoever asks, in no order; for the feed.
pub async fn list_edges_by_id(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Edge>> {
    into_edges(edges!("where e.id = any($1)", ids).fetch_all(db).await?)
}

/// Whether a person is an owner of a node by an edge of their own.
pub async fn is_owner(db: impl PgExecutor<'_>, person_id: Uuid, node_id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from edges where source_id = $1 and target_id = $2 and kind = 'owner') as "exists!""#,
        person_id,
        node_id
    );
    found.fetch_one(db).await
}

/// What names these nodes as affected: pairs of such a node and what affects it, the newest first.
pub async fn list_affecting(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "select target_id, source_id from edges where target_id = any($1) and kind = 'affects' order by source_id desc",
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.target_id, row.source_id)).collect())
}

/// What to list of a node's edges; `None` takes all.
#[derive(Clone, Copy, Debug, Default)]
pub struct EdgeFilter {
    pub kind: Option<EdgeKind>,
    /// `Some(true)`: those that begin at the node; `Some(false)`: those that end there.
    pub outgoing: Option<bool>,
}

/// Edges of a node of which `reader` may see both ends, oldest first (ids rise with time). What is said in a channel is
/// read by its history.
pub async fn list_readable_edges_of(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    node_id: Uuid,
    filter: EdgeFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Edge>> {
    into_edges(
        edges!(
            "where e.id in (
               select x.id from edges x where x.source_id = $2 and coalesce($4, true)
               union all
               select x.id from edges x where x.target_id = $2 and not coalesce($4, false)
                and (x.kind <> 'part_of' or not exists (select from channels c where c.node_id = $2)))
             and ($3::text is null or e.kind = $3)
             and ($5::uuid is null or e.id > $5)
             and e.source_scope_id in (select r.scope_id from readable_scopes($1) r)
             and e.target_scope_id in (select r.scope_id from readable_scopes($1) r)
             order by e.id limit $6",
            reader,
            node_id,
            filter.kind.map(EdgeKind::as_str),
            filter.outgoing,
            after,
            limit
        )
        .fetch_all(db)
        .await?,
    )
}

pub struct NewEdge<'a> {
    pub id: Uuid,
    pub kind: EdgeKind,
    pub source_id: Uuid,
    pub target_id: Uuid,
    pub attrs: &'a Map<String, Value>,
    pub created_by: Option<Uuid>,
}

pub async fn insert_edge(db: impl PgExecutor<'_>, new: NewEdge<'_>) -> Result<()> {
    sqlx::query!(
        "insert into edges (id, kind, source_id, target_id, attrs, created_by) values ($1, $2, $3, $4, $5, $6)",
        new.id,
        new.kind.as_str(),
        new.source_id,
        new.target_id,
        Json(new.attrs) as _,
        new.created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn update_edge(db: impl PgExecutor<'_>, id: Uuid, attrs: &Map<String, Value>) -> Result<()> {
    sqlx::query!("update edges set attrs = $2 where id = $1", id, Json(attrs) as _).execute(db).await?;
    Ok(())
}

/// Moves a node: its `part_of` edge gets another target. The caller holds `lock_graph`.
pub async fn update_parent(db: impl PgExecutor<'_>, node_id: Uuid, parent_id: Uuid) -> Result<()> {
    sqlx::query!("update edges set target_id = $2 where source_id = $1 and kind = 'part_of'", node_id, parent_id)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn delete_edge(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("delete from edges where id = $1", id).execute(db).await?;
    Ok(())
}

/// What this node relates to: edge, other end, attrs; whoever asks.
pub async fn list_relations_from(db: impl PgExecutor<'_>, source_id: Uuid) -> Result<Vec<(Uuid, Uuid, Map<String, Value>)>> {
    let rows = sqlx::query!(
        r#"select id, target_id, attrs as "attrs!: Json<Map<String, Value>>" from edges where source_id = $1 and kind = 'relates_to'"#,
        source_id
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.target_id, row.attrs.0)).collect())
}
