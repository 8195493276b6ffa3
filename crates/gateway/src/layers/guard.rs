//! Bounds around every request: how many at once, how long, and that a panic ends one request
//! and no more.

use crate::chat::files::UPLOAD;
use crate::refusal::Refused;
use crate::state::State;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::limits::{REQUEST_TIMEOUT, UPLOAD_TIMEOUT};
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// Middleware. A request beyond the bound is refused at once: one that queued would be answered
/// when nobody waits any more.
pub(crate) async fn guard(state: State, request: Request, next: Next) -> Response {
    let Ok(_slot) = state.in_flight.clone().try_acquire_owned() else {
        return refuse("the server is too busy; nothing was changed, try again");
    };
    bounded(time_for(&request), next.run(request)).await
}

fn time_for(request: &Request) -> Duration {
    let is_upload =
        request.method() == Method::POST && request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str() == UPLOAD);
    if is_upload { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT }
}

async fn bounded(limit: Duration, answer: impl Future<Output = Response>) -> Response {
    // Nothing is shared with the next request but what its own locks keep whole.
    let answer = AssertUnwindSafe(answer).catch_unwind();
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            Refused::from(Refusal::Internal { source: format!("panic: {}", text_of(panic.as_ref())).into() }).into_response()
        }
        Err(_) => refuse("this took too long; look before you repeat a change"),
    }
}

fn refuse(detail: &'static str) -> Response {
    Refused::from(Refusal::Unavailable { detail, source: None }).into_response()
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::observe;
    use crate::state::test_state;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;

    fn router(state: &State) -> Router {
        Router::new()
            .route("/panics", get(async || -> &'static str { panic!("the secret is 42") }))
            .route("/answers", get(async || "answer"))
            .layer(from_fn_with_state(state.clone(), guard))
            .layer(from_fn(observe::observe))
            .with_state(state.clone())
    }

    async fn ask(router: &Router, path: &str) -> (u16, Value) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_panic_ends_one_request_and_is_not_told() {
        let router = router(&test_state());
        let (status, problem) = ask(&router, "/panics").await;
        assert_eq!((status, &problem["code"]), (500, &Value::from("internal")));
        assert!(!problem.to_string().contains("secret"), "{problem}");
        assert_eq!(ask(&router, "/answers").await.0, 200);
    }

    #[tokio::test]
    async fn only_an_upload_may_take_long() {
        let told = async |request: Request| time_for(&request).as_secs().to_string();
        let router = Router::new().route(UPLOAD, get(told).post(told)).route("/{*other}", get(told).post(told));
        let check = async |method: Method, path: &str, expect: Duration| {
            let request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&body), expect.as_secs().to_string(), "{method} {path}");
        };
        check(Method::POST, "/api/v1/channels/x/files", UPLOAD_TIMEOUT).await;
        check(Method::GET, "/api/v1/channels/x/files", REQUEST_TIMEOUT).await;
        check(Method::POST, "/api/v1/channels/x/messages", REQUEST_TIMEOUT).await;
        let is_there = crate::openapi().paths.paths.get(UPLOAD).is_some_and(|item| item.post.is_some());
        assert!(is_there, "the route has another path");
    }

    #[tokio::test]
    async fn a_request_ends_in_time() {
        let response = bounded(Duration::from_millis(20), std::future::pending()).await;
        assert_eq!(response.status(), 503);
    }

    #[tokio::test]
    async fn a_request_too_many_is_refused_at_once() {
        let state = test_state();
        let router = router(&state);
        let all =
            state.in_flight.clone().try_acquire_many_owned(u32::try_from(state.in_flight.available_permits()).unwrap()).unwrap();
        assert_eq!(ask(&router, "/answers").await.0, 503);
        drop(all);
        assert_eq!(ask(&router, "/answers").await.0, 200);
    }
}
