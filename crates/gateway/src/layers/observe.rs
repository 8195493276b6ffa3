//! The outermost layer: names the request, measures it, and gives a refusal its body.

use super::request_id::{RequestId, X_REQUEST_ID};
use crate::refusal;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;

/// `synops_http_requests_total{method, path, status}`, by route and class of status.
const REQUESTS: &str = "synops_http_requests_total";
/// `synops_http_request_seconds{method, path}`, from the last byte of the head to the answer.
const SECONDS: &str = "synops_http_request_seconds";

pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = known(request.method());
    // The route's pattern, never the path itself: labels must not grow with the input.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id = id.as_str(), method, path = request.uri().path());
    let began = Instant::now();

    let response = async {
        let response = refusal::finish(next.run(request).await, id.as_str());
        let status = response.status();
        tracing::debug!(status = status.as_u16(), elapsed_ms = began.elapsed().as_millis(), "answered");
        response
    };
    let mut response = response.instrument(span).await;

    metrics::counter!(REQUESTS, "method" => method, "path" => route.clone(), "status" => class(response.status())).increment(1);
    metrics::histogram!(SECONDS, "method" => method, "path" => route).record(began.elapsed().as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// Methods are free text too.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
