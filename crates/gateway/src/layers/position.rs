//! Whoever has written reads what they wrote: here at once, because the answer waits until the caches know of
//! it, and on other instances by giving back the position that it comes with (`Synops-After`).

use crate::reply::ReadOnly;
use crate::state::State;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

const SYNOPS_POSITION: HeaderName = HeaderName::from_static("synops-position");

/// Middleware of the API.
pub(crate) async fn position(state: State, request: Request, next: Next) -> Response {
    let may_write = !request.method().is_safe();
    let mut response = next.run(request).await;
    if !may_write || !response.status().is_success() || response.extensions().get::<ReadOnly>().is_some() {
        return response;
    }
    // Without a position the caches are not used, here: nobody is told what was before.
    if let Some(position) = state.reads().progress().catch_up().await
        && let Ok(value) = HeaderValue::from_str(position.as_str())
    {
        response.headers_mut().insert(SYNOPS_POSITION, value);
    }
    response
}
