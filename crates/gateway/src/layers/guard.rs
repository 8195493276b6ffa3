//! Bounds around every request: how many at once, how long, and that a panic ends one request
//! and no more.

use crate::refusal::Refused;
use crate::state::State;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::limits::REQUEST_TIMEOUT;
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;

/// Middleware. A request beyond the bound is refused at once: one that queued would be answered
/// when nobody waits any more.
pub(crate) async fn guard(state: State, request: Request, next: Next) -> Response {
    let Ok(_slot) = state.in_flight.clone().try_acquire_owned() else {
        return refuse("the server is too busy; nothing was changed, try again");
    };
    // Nothing is shared with the next request but what its own locks keep whole.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => Refused::from(Refusal::Internal { source: format!("panic: {}", text_of(panic.as_ref())).into() }).into_response(),
        Err(_) => refuse("this took too long; look before you repeat a change"),
    }
}

fn refuse(detail: &'static str) -> Response {
    Refused::from(Refusal::Unavailable { detail, source: None }).into_response()
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}
