//! After a full stop, where the plan asks for it: until Synops is found well only administrators are let in,
//! to requests and sockets alike.

use crate::admin::is_administrator;
use crate::caller;
use crate::reads::Via;
use crate::refusal::Refused;
use crate::state::State;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;

/// What stays open to everybody: to sign in, to learn who one is, and how far Synops is.
const OPEN: [&str; 6] = ["session", "me", "lifecycle", "lifecycle/mine", "session/link", "openapi.json"];

/// Middleware of the API.
pub(crate) async fn admins_first(state: State, request: Request, next: Next) -> Response {
    let closed = state.wiring.windows.borrow().as_ref().is_some_and(|window| window.admins_only);
    let path = request.uri().path().strip_prefix("/api/v1/");
    if !closed || path.is_none_or(|path| OPEN.contains(&path)) {
        return next.run(request).await;
    }
    let caller = match caller::authenticate(&state, request.headers(), Via::Database).await {
        Ok(caller) => caller,
        Err(refused) => return Refused::from(refused).into_response(),
    };
    let is_admin = match caller.reader() {
        Some(person_id) => is_administrator(&state, person_id).await,
        None => Ok(false),
    };
    match is_admin {
        Ok(true) => next.run(request).await,
        Ok(false) => Refused::from(Refusal::Checking).into_response(),
        Err(refused) => refused.into_response(),
    }
}
