//! Work that takes as long as people do: calls, uploads.

use crate::refusal::Refused;
use crate::state::State;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Refusal;
use domain::lifecycle::Window;

/// Refuses with 503 while Synops closes: what takes long would be cut off by the stop. Stands before
/// the body among a handler's arguments, so that nothing of an upload is read in vain.
pub(crate) struct LongWork;

impl FromRequestParts<State> for LongWork {
    type Rejection = Refused;

    async fn from_request_parts(_: &mut Parts, state: &State) -> Result<Self, Refused> {
        // One that is only announced is none of a plain stop's reasons.
        let window = state.wiring.windows.borrow().clone().filter(Window::is_closing);
        if window.is_none() && state.phase().takes_work() {
            return Ok(Self);
        }
        Err(Refusal::closing(window.as_ref(), state.now()).into())
    }
}
