//! Reading nodes.

use crate::caller::Caller;
use crate::extract::{Path, Query, limit_or_default, text_without_nul};
use crate::reads::{self, Module, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::{cursor, reply};
use axum::response::{IntoResponse, Response};
use domain::limits::SEARCH_MAX_CHARS;
use domain::{Node, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::node::{NodeCursor, NodeFilter};
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NodesQuery {
    /// Of this kind alone; without it all but messages.
    pub(crate) kind: Option<NodeKind>,
    /// Directly part of this node.
    pub(crate) parent_id: Option<Uuid>,
    /// With this scope root.
    pub(crate) scope_id: Option<Uuid>,
    /// A part of the title, in any case.
    #[param(max_length = 100)]
    pub(crate) q: Option<String>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<i64>,
}

/// List and search nodes
///
/// What one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/nodes", operation_id = "list_nodes", tag = "graph", params(NodesQuery),
    responses((status = 200, description = "A page of nodes", body = NodePage)))]
pub(crate) async fn list_nodes(state: State, caller: Caller, Query(query): Query<NodesQuery>) -> Result<Response, Refused> {
    page(&state, &caller, query).await
}

/// A page of the nodes that the caller may see.
pub(crate) async fn page(state: &State, caller: &Caller, query: NodesQuery) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let text = query.q.filter(|q| !q.is_empty());
    text.as_deref().map_or(Ok(()), |q| text_without_nul("q", q, SEARCH_MAX_CHARS))?;
    let after = query.cursor.as_deref().map(decode).transpose()?;
    let filter = NodeFilter { kind: query.kind, parent_id: query.parent_id, scope_id: query.scope_id, title_contains: text };
    let asked = (&filter, after.as_ref().map(|after| (&after.title, after.id)), limit);
    let load = {
        let (filter, after) = (filter.clone(), after.clone());
        move |pool: Pool, sight: Arc<Sight>| {
            let (filter, after) = (filter.clone(), after.clone());
            async move {
                let mut nodes = store::node::list_nodes(&pool, sight.scopes(), &filter, after.as_ref(), limit + 1).await?;
                let more = cursor::cut(&mut nodes, limit);
                let next_cursor = match nodes.last() {
                    Some(last) if more => Some(encode(store::node::cursor_of(&pool, last).await?)),
                    _ => None,
                };
                reads::render(&NodePage { items: nodes.iter().map(NodeView::from).collect(), next_cursor })
            }
        }
    };
    let page = state
        .reads()
        .page(caller, filter.kind.map_or(Shelf::Any, |kind| Shelf::Of(Module::of(kind))), "nodes", &asked, load)
        .await?;
    Ok(page.into_response())
}

fn encode(cursor: NodeCursor) -> String {
    cursor::encode(&(cursor.title, cursor.id))
}

fn decode(text: &str) -> Result<NodeCursor, Refusal> {
    let (title, id): (String, Uuid) = cursor::decode(text)?;
    if title.contains('\0') {
        return Err(cursor::invalid());
    }
    Ok(NodeCursor { title, id })
}

/// One node
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/nodes/{id}", operation_id = "get_node", tag = "graph",
    params(("id" = Uuid, Path, description = "The node")),
    responses((status = 200, description = "The node", body = NodeView, headers(("ETag" = String, description = "The version, in quotation marks")))))]
pub(crate) async fn get_node(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    Ok(reply::node(&readable(&state, &caller, id).await?))
}

/// A node that the caller may see; else 404.
pub(crate) async fn readable(state: &State, caller: &Caller, id: Uuid) -> Result<Node, Refused> {
    let node = store::node::find_readable_node(state.pool(), caller.reader(), id).await?;
    Ok(node.ok_or(Refusal::NotFound { what: "node" })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_never_carries_what_postgresql_refuses() {
        let cursor = NodeCursor { title: "ærlig".into(), id: Uuid::nil() };
        assert_eq!(decode(&encode(cursor.clone())).unwrap(), cursor);
        assert!(decode(&cursor::encode(&("a\0b", Uuid::nil()))).is_err());
    }
}
