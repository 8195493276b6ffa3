//! Answers that several routes give.

use crate::reads::Entry;
use crate::wire::node::NodeView;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::Node;
use intentions::Done;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A node, with its version as `ETag`.
pub(crate) fn node(node: &Node) -> Response {
    ([(ETAG, etag(node.version))], Json(NodeView::from(node))).into_response()
}

/// Of an answer to a POST that only reads: nothing was written that a later read must find.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadOnly;

/// Of an answer whose bytes are known by their `ETag`, and most of them as small as they can be: it is not compressed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsItIs;

/// A node as it is kept, with its version as `ETag`.
pub(crate) fn entry(entry: &Entry) -> Response {
    let version = entry.node().map_or(0, |node| node.version);
    let content_type = HeaderValue::from_static("application/json");
    ([(ETAG, etag(version)), (CONTENT_TYPE, content_type)], entry.json()).into_response()
}

/// Something else of a node, with the node's version as `ETag`.
pub(crate) fn versioned(version: i64, body: &impl Serialize) -> Response {
    ([(ETAG, etag(version))], Json(body)).into_response()
}

/// What became of a write: the same whether it was carried out now or before, under the same key.
pub(crate) fn done(done: Done) -> Response {
    let (Done::Now { status, response, .. } | Done::Before { status, response }) = done;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    let version = response.get("version").and_then(Value::as_i64);
    let id = response.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    // An edge has no address of its own.
    let id = id.filter(|_| response.get("source_id").is_none());
    let mut reply = (status, Json(response)).into_response();
    if let Some(version) = version {
        reply.headers_mut().insert(ETAG, etag(version));
    }
    if let Some(id) = id.filter(|_| status == StatusCode::CREATED)
        && let Ok(location) = HeaderValue::from_str(&format!("/api/v1/nodes/{id}"))
    {
        reply.headers_mut().insert(LOCATION, location);
    }
    reply
}

fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}
