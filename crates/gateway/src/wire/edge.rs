//! Edges.

use super::node::NodeView;
use chrono::{DateTime, Utc};
use domain::{Edge, EdgeKind};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A relation between two nodes, seen by whoever sees both.
#[derive(Serialize, ToSchema)]
#[schema(as = Edge)]
pub(crate) struct EdgeView<'a> {
    id: Uuid,
    kind: EdgeKind,
    source_id: Uuid,
    target_id: Uuid,
    attrs: &'a Map<String, Value>,
    source_scope_id: Uuid,
    target_scope_id: Uuid,
    /// Raised by each change.
    #[schema(example = 1)]
    version: i64,
    /// Null: the server itself, or somebody with psql.
    #[schema(required)]
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl<'a> From<&'a Edge> for EdgeView<'a> {
    fn from(edge: &'a Edge) -> Self {
        Self {
            id: edge.id,
            kind: edge.kind,
            source_id: edge.source_id,
            target_id: edge.target_id,
            attrs: &edge.attrs,
            source_scope_id: edge.source_scope_id,
            target_scope_id: edge.target_scope_id,
            version: edge.version,
            created_by: edge.created_by,
            created_at: edge.created_at,
            updated_at: edge.updated_at,
        }
    }
}

/// A page of a node's edges.
#[derive(Serialize, ToSchema)]
pub(crate) struct EdgePage<'a> {
    pub(crate) items: Vec<EdgeView<'a>>,
    /// The nodes at the other ends.
    pub(crate) nodes: Vec<NodeView<'a>>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// An edge as JSON, for the socket: rendered once and shared by all its readers.
pub fn render_edge(edge: &Edge) -> Vec<u8> {
    // Strings, numbers and maps with string keys: there is nothing that could fail.
    serde_json::to_vec(&EdgeView::from(edge)).unwrap_or_default()
}
