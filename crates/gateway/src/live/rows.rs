//! `GET /api/v1/live/rows`: what a subscription begins with, for clients that poll because their
//! network blocks sockets.

use super::frame::join;
use super::protocol::Topic;
use super::subscribe;
use crate::caller::Caller;
use crate::extract::Query;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::edge::EdgeView;
use crate::wire::node::NodeView;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::Level;
use domain::Refusal;
use domain::limits::SUBSCRIBE_WAIT_MAX;
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsQuery {
    /// `kind:<node kind>`, `node:<id>` or `channel:<id>`.
    topic: String,
}

/// For the description alone: the answer is put together from bodies that are rendered already.
#[derive(ToSchema)]
#[schema(as = LiveRows)]
#[expect(dead_code, reason = "describes an answer that is written as text")]
pub(crate) struct LiveRows<'a> {
    nodes: Vec<NodeView<'a>>,
    edges: Vec<EdgeView<'a>>,
    /// What the caller is granted, by scope.
    levels: BTreeMap<Uuid, Level>,
    /// There are more than these.
    truncated: bool,
    /// When this server was last level with the database.
    fresh_at: Option<DateTime<Utc>>,
    server_time: DateTime<Utc>,
}

/// The rows that a subscription to this topic begins with.
#[utoipa::path(
    get, path = "/live/rows", operation_id = "live_rows", tag = "live", params(RowsQuery),
    responses((status = 200, description = "The rows", body = LiveRows))
)]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<RowsQuery>) -> Result<Response, Refused> {
    let topic = Topic::parse(&query.topic)
        .ok_or_else(|| Refusal::invalid("topic", "kind:<node kind>, node:<id>, channel:<id> or lifecycle"))?;
    let hub = state.hub();
    let busy = || Refusal::Unavailable { detail: "too many readers at once; try again shortly", source: None };
    let turn = timeout(SUBSCRIBE_WAIT_MAX, hub.reads.acquire()).await.map_err(|_| busy())?;
    let (_, answer) = subscribe::first_rows(state.pool(), &hub.bodies, caller.reader(), topic).await.map_err(store::refusal)?;
    let levels: BTreeMap<Uuid, Level> = match caller.reader() {
        Some(person) => store::access::list_levels(state.pool(), person).await.map_err(store::refusal)?.into_iter().collect(),
        None => BTreeMap::new(),
    };
    drop(turn);
    let rows = answer.rows.unwrap_or_default();
    let (nodes, edges) = (join(&rows.nodes), join(&rows.edges));
    let truncated = rows.truncated;
    let rest = serde_json::json!({ "levels": levels, "fresh_at": hub.fresh_at(), "server_time": state.now() }).to_string();
    let text = format!(r#"{{"nodes":[{nodes}],"edges":[{edges}],"truncated":{truncated},{}"#, &rest[1..]);
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}
