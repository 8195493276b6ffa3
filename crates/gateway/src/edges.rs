//! Reading a node's edges.

use crate::caller::Caller;
use crate::extract::{Path, Query, limit_or_default};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::edge::{EdgePage, EdgeView};
use crate::wire::node::NodeView;
use crate::{cursor, nodes};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::EdgeKind;
use serde::Deserialize;
use std::collections::HashSet;
use store::edge::EdgeFilter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EdgesQuery {
    /// Of this kind alone.
    kind: Option<EdgeKind>,
    /// Only those that end at the node (`in`), or begin there (`out`).
    #[param(inline)]
    direction: Option<Direction>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    In,
    Out,
}

/// List a node's edges
///
/// Those to nodes one may see, oldest first, with the nodes at the other ends. What is said in a channel is not among
/// them: that is read by its messages.
#[utoipa::path(get, path = "/nodes/{id}/edges", operation_id = "list_edges", tag = "graph",
    params(("id" = Uuid, Path, description = "The node"), EdgesQuery),
    responses((status = 200, description = "A page of edges", body = EdgePage)))]
pub(crate) async fn list_edges(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<EdgesQuery>,
) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after: Option<Uuid> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    nodes::readable(&state, &caller, id).await?;
    let filter = EdgeFilter { kind: query.kind, outgoing: query.direction.map(|d| d == Direction::Out) };
    let mut edges = store::edge::list_readable_edges_of(state.pool(), caller.reader(), id, filter, after, limit + 1).await?;
    let more = cursor::cut(&mut edges, limit);
    let next_cursor = edges.last().filter(|_| more).map(|last| cursor::encode(&last.id));

    let others: HashSet<Uuid> = edges.iter().map(|e| if e.source_id == id { e.target_id } else { e.source_id }).collect();
    let others: Vec<Uuid> = others.into_iter().collect();
    // Judged again: between the two reads somebody may have lost access.
    let mut nodes = store::node::list_readable_nodes_by_id(state.pool(), caller.reader(), &others).await?;
    nodes.sort_by_key(|node| node.id);
    let seen: HashSet<Uuid> = nodes.iter().map(|node| node.id).collect();
    let items = edges.iter().filter(|e| seen.contains(if e.source_id == id { &e.target_id } else { &e.source_id }));
    let page =
        EdgePage { items: items.map(EdgeView::from).collect(), nodes: nodes.iter().map(NodeView::from).collect(), next_cursor };
    Ok(Json(page).into_response())
}
