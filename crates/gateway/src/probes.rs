//! For whoever watches or balances: is it alive, does it serve, and its figures.

use crate::state::State;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::time::Duration;
use store::migrate::Level;

/// A balancer asks every few seconds: it wants an answer before it asks again.
const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// It runs. Looks at nothing, so that a database that is away restarts nobody.
pub(crate) async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether it serves: 200, or 503 with the reasons.
pub(crate) async fn readyz(state: State) -> Response {
    let mut reasons = Vec::new();
    if !state.phase().takes_work() {
        reasons.push(format!("the server stops: it is {}", state.phase().as_str()));
    }
    match tokio::time::timeout(DATABASE_ANSWERS_WITHIN, store::migrate::level(state.pool())).await {
        Ok(Ok(Level::Current)) => {}
        Ok(Ok(Level::Behind { missing })) => reasons.push(format!("{missing} migrations have not run: run `synops migrate`")),
        Ok(Ok(Level::Ahead { unknown })) => {
            reasons.push(format!("the database has {unknown} migrations that this server does not know"))
        }
        Ok(Ok(Level::Empty)) => reasons.push("the database is empty: run `synops migrate`".to_owned()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database refuses");
            reasons.push("the database does not answer".to_owned());
        }
        Err(_) => reasons.push(format!("the database does not answer within {} s", DATABASE_ANSWERS_WITHIN.as_secs())),
    }
    if let Err(reason) = state.feed_level() {
        reasons.push(format!("feed: {reason}"));
    }
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons }))).into_response()
}

/// The figures, for Prometheus.
pub(crate) async fn metrics(state: State) -> Response {
    let Some(handle) = &state.wiring.metrics else { return StatusCode::NOT_FOUND.into_response() };
    let pool = state.pool();
    let count = |n: usize| u32::try_from(n).map_or(f64::MAX, f64::from);
    metrics::gauge!("synops_pool_connections", "state" => "idle").set(count(pool.num_idle()));
    metrics::gauge!("synops_pool_connections", "state" => "open").set(f64::from(pool.size()));
    metrics::gauge!("synops_pool_connections_max").set(f64::from(pool.options().get_max_connections()));
    metrics::gauge!("synops_http_requests_in_flight").set(count(state.requests_in_flight()));
    crate::cache::measure(&state);
    let sockets = state.hub().stats();
    metrics::gauge!("synops_sockets").set(count(sockets.sockets));
    metrics::gauge!("synops_socket_subscriptions").set(count(sockets.subscriptions));
    metrics::gauge!("synops_socket_queued_bytes").set(count(sockets.queued_bytes));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}
